import { type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { Profile, Role, User } from "../domain/user.ts";

const columns = "id, username, to_json(roles) as roles, created_at, email, first_name, last_name";

export async function findUser(db: Queryable, userId: bigint): Promise<User | undefined> {
  const [row] = await db.query<UserRow>(`select ${columns} from users where id = $1::bigint`, [userId]);
  return row === undefined ? undefined : userOf(row);
}

export interface UserWithPassword extends User {
  readonly passwordHash: string;
}

export async function findUserByName(db: Queryable, username: string): Promise<UserWithPassword | undefined> {
  const [row] = await db.query<UserRow & { password_hash: string }>(
    `select ${columns}, password_hash from users where lower(username) = lower($1::text)`,
    [username],
  );
  return row === undefined ? undefined : { ...userOf(row), passwordHash: row.password_hash };
}

export interface NewUser {
  /** Undefined: the next number. */
  readonly id?: bigint;
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly profile?: Profile;
}

/** Undefined if the name, or the number, is taken. */
export async function insertUser(tx: Tx, user: NewUser): Promise<User | undefined> {
  const { email = "", firstName = "", lastName = "" } = user.profile ?? {};
  const [row] = await tx.query<UserRow>(
    `insert into users (id, username, password_hash, roles, created_at, email, first_name, last_name)
     values (coalesce($1::bigint, nextval('user_ids')), $2::text, $3::text, $4::text[],
       date_trunc('milliseconds', clock_timestamp()), $5::text, $6::text, $7::text)
     on conflict do nothing returning ${columns}`,
    [
      user.id ?? null,
      user.username,
      user.passwordHash,
      textArrayLiteral(user.roles),
      email,
      firstName,
      lastName,
    ],
  );
  return row === undefined ? undefined : userOf(row);
}

export async function updateRoles(tx: Tx, userId: bigint, roles: readonly Role[]): Promise<User | undefined> {
  const [row] = await tx.query<UserRow>(
    `update users set roles = $2::text[] where id = $1::bigint returning ${columns}`,
    [userId, textArrayLiteral(roles)],
  );
  return row === undefined ? undefined : userOf(row);
}

interface UserRow {
  readonly id: bigint;
  readonly username: string;
  readonly roles: Role[];
  readonly created_at: Date;
  readonly email: string;
  readonly first_name: string;
  readonly last_name: string;
}

function userOf({ id, username, roles, created_at, email, first_name, last_name }: UserRow): User {
  return { id, username, roles, createdAt: created_at, email, firstName: first_name, lastName: last_name };
}

import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import {
  type LimitedSubject,
  limitsOfLogin,
  limitsOfRegistration,
  tooManyTries,
} from "./domain/login-limit.ts";
import {
  type Profile,
  type Role,
  type User,
  userNotFound,
  usernameTaken,
  wrongLogin,
} from "./domain/user.ts";
import type { Passwords } from "./passwords.ts";
import { countTry, uncountTry } from "./sql/login-limits.ts";
import { findUser, findUserByName, insertUser, updateRoles } from "./sql/users.ts";

export interface AccountParts {
  readonly database: Database;
  readonly passwords: Passwords;
}

export interface Attempt {
  readonly username: string;
  readonly password: string;
  /** Where it came from. */
  readonly address: string;
}

/**
 * Adds a user, as a buyer.
 *
 * @throws Failure `already_exists` if the name is taken, `resource_exhausted` after too many from one address.
 */
export async function register(
  { database, passwords }: AccountParts,
  attempt: Attempt,
  profile: Profile,
): Promise<User> {
  const { username, password, address } = attempt;
  await database.transaction((tx) => countTries(tx, limitsOfRegistration(address)));
  const passwordHash = await passwords.hash(password);
  const user = await database.transaction((tx) =>
    insertUser(tx, { username, passwordHash, roles: ["buyer"], profile }),
  );
  if (user === undefined) {
    throw usernameTaken(username);
  }
  return user;
}

/**
 * Finds out who it is. A name that nobody has takes as long as a password that is wrong.
 *
 * The tries are counted before the password is looked at, so that many at the same time can not get past the limit, and
 * are taken back when it was right. They are counted in the database, because all replicas have to count together and a
 * restart must not forget; beside the 30 ms of a password that costs nothing.
 *
 * @throws Failure `unauthenticated`, or `resource_exhausted` with the time to wait.
 */
export async function logIn({ database, passwords }: AccountParts, attempt: Attempt): Promise<User> {
  const limits = limitsOfLogin(attempt.username, attempt.address);
  await database.transaction((tx) => countTries(tx, limits));
  const user = await database.read((db) => findUserByName(db, attempt.username));
  const matches = await passwords.matches(user?.passwordHash, attempt.password);
  if (user === undefined || !matches) {
    throw wrongLogin();
  }
  await database.transaction(async (tx) => {
    for (const limit of limits) {
      uncountTry(tx, limit);
    }
  });
  return user;
}

/** All of them or none: a try that one limit refuses does not count for the others. */
async function countTries(tx: Tx, limits: readonly LimitedSubject[]): Promise<void> {
  for (const limit of limits) {
    const waitMs = await countTry(tx, limit);
    if (waitMs > 0) {
      throw tooManyTries(waitMs);
    }
  }
}

/** @throws Failure `not_found`. */
export async function getUser(database: Database, userId: bigint): Promise<User> {
  const user = await database.read((db) => findUser(db, userId));
  if (user === undefined) {
    throw userNotFound(userId);
  }
  return user;
}

/** @throws Failure `not_found`. */
export async function setRoles(database: Database, userId: bigint, roles: readonly Role[]): Promise<User> {
  const user = await database.transaction((tx) => updateRoles(tx, userId, roles));
  if (user === undefined) {
    throw userNotFound(userId);
  }
  return user;
}

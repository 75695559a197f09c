import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Role } from "./domain/user.ts";
import type { Passwords } from "./passwords.ts";
import { findUserByName, insertUser } from "./sql/users.ts";

interface FirstUser {
  readonly id?: bigint;
  readonly username: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

const demoPassword = "ordermesh-demo";

const demoUsers: readonly FirstUser[] = [
  { id: 1n, username: "buyer", password: demoPassword, roles: ["buyer"] },
  { id: 2n, username: "buyer2", password: demoPassword, roles: ["buyer"] },
  { id: 3n, username: "seller", password: demoPassword, roles: ["seller"] },
  { id: 4n, username: "platform", password: demoPassword, roles: ["platform"] },
  { id: 5n, username: "operator", password: demoPassword, roles: ["operator"] },
  // Works at a location of the seller's.
  { id: 6n, username: "waiter", password: demoPassword, roles: ["seller"] },
];

export interface FirstUsersOptions {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly logger: Logger;
  /** Everybody knows their password: for a demonstration on one machine only. */
  readonly demoUsers: boolean;
  /** The first operator, who gives others their roles. Left as it is if the name exists. */
  readonly operator: { readonly username: string; readonly password: string } | undefined;
}

/** Adds the users without whom nobody could begin. */
export async function addFirstUsers(options: FirstUsersOptions): Promise<void> {
  const { logger, operator } = options;
  if (options.demoUsers) {
    const added = await Promise.all(demoUsers.map((user) => addUser(options, user)));
    logger.warn(
      { added: added.filter(Boolean).length },
      "IDENTITY_DEMO_USERS is on: there are users whose password everybody knows",
    );
  }
  if (operator !== undefined && (await addUser(options, { ...operator, roles: ["operator"] }))) {
    logger.info({ username: operator.username }, "the first operator was added");
  }
}

async function addUser({ database, passwords }: FirstUsersOptions, user: FirstUser): Promise<boolean> {
  const { password, ...rest } = user;
  if ((await database.read((db) => findUserByName(db, user.username))) !== undefined) {
    return false;
  }
  const passwordHash = await passwords.hash(password);
  return (await database.transaction((tx) => insertUser(tx, { ...rest, passwordHash }))) !== undefined;
}

import { Failure } from "@ordermesh/failure/failure";

export const roles = ["buyer", "seller", "platform", "operator"] as const;
export type Role = (typeof roles)[number];

/** What somebody told of themselves; empty: nothing. Personal data, for nobody but the user. */
export interface Profile {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

export interface User extends Profile {
  readonly id: bigint;
  readonly username: string;
  readonly roles: readonly Role[];
  readonly createdAt: Date;
}

/** The same for a name that nobody has and for a password that is wrong: it must not tell which. */
export function wrongLogin(): Failure {
  return new Failure("unauthenticated", "There is no user with this name and this password.", {
    reason: "WRONG_LOGIN",
  });
}

export function usernameTaken(username: string): Failure {
  return new Failure("already_exists", `The name ${username} is taken: choose another one.`, {
    reason: "USERNAME_TAKEN",
    fieldViolations: [{ field: "username", description: "is taken" }],
  });
}

export function userNotFound(userId: bigint): Failure {
  return new Failure("not_found", `There is no user ${userId}.`, { reason: "USER_NOT_FOUND" });
}

export function refreshRefused(): Failure {
  return new Failure("unauthenticated", "The refresh token is not good any more: log in again.", {
    reason: "REFRESH_REFUSED",
  });
}

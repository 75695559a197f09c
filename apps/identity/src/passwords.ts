import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { Failure } from "@ordermesh/failure/failure";

/** Hashes passwords, and compares them, in threads of their own. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** @param passwordHash undefined for a user whom there is not: takes as long, and is false. */
  matches(passwordHash: string | undefined, password: string): Promise<boolean>;
}

/**
 * argon2id as OWASP recommends it: 19 MiB, two passes. Some 30 ms of one core, which is why there are so many at a time
 * and no more.
 */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Under way or waiting for a thread. The last one of them waits about half a second. */
const pendingMax = 64;

export async function createPasswords(): Promise<Passwords> {
  let pending = 0;

  async function bounded<Result>(work: () => Promise<Result>): Promise<Result> {
    if (pending >= pendingMax) {
      throw new Failure(
        "resource_exhausted",
        "Too many people log in at this moment: try again in a second.",
        {
          reason: "TOO_MANY_LOGINS",
          retryAfterMs: 1_000,
        },
      );
    }
    pending += 1;
    try {
      return await work();
    } finally {
      pending -= 1;
    }
  }

  /** The same text typed on two systems may come as different characters. */
  const normalized = (password: string) => password.normalize("NFKC");
  const hashOf = (password: string) => hash(normalized(password), parameters);
  const nobodysHash = await hashOf(randomBytes(32).toString("base64"));

  return {
    hash: (password) => bounded(() => hashOf(password)),
    matches: (passwordHash, password) =>
      bounded(async () => {
        const equal = await verify(passwordHash ?? nobodysHash, normalized(password));
        return equal && passwordHash !== undefined;
      }),
  };
}

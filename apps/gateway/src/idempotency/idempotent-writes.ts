import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Answer } from "../rest/answer.ts";
import { HttpProblem } from "../rest/http-problem.ts";
import {
  type Attempt,
  claimKey,
  findRecord,
  type IdempotencyRecord,
  releaseKey,
  storeAnswer,
} from "../sql/idempotency-records.ts";
import { createWriteHasher } from "./write-hashes.ts";

/** One write that its caller has named. */
export interface NamedWrite {
  /** Stable over tokens: "user:1000". */
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly key: string;
  readonly body: Buffer;
}

export interface IdempotentWrites {
  /**
   * Does the work, unless it was done under this key before: then the first answer is returned, marked as replayed.
   *
   * @throws HttpProblem 400 for a key that is too long, 409 while the first attempt is under way, 422 if the key was
   * used for another request.
   * @throws Failure `failed_precondition` if nothing can be remembered, because the secret is missing.
   */
  run(write: NamedWrite, work: () => Promise<Answer>): Promise<Answer>;
}

/** How long a key is remembered. */
export const keptMs = 24 * 3_600_000;

const keyLengthMax = 255;

/** A larger answer is not kept. Services know such a request again by its own key. */
const bodyLengthMax = 1_048_576;

/** What a repetition could not change. Anything else may go differently when it is tried again. */
const definite: ReadonlySet<Code | "ok" | undefined> = new Set([
  "ok",
  Code.FailedPrecondition,
  Code.NotFound,
  Code.AlreadyExists,
]);

/**
 * @param options.secret of 32 bytes, the same for all replicas; undefined: every named write is refused.
 * @param options.leaseMs longer than any attempt may take.
 */
export function createIdempotentWrites(options: {
  readonly database: Database;
  readonly logger: Logger;
  readonly secret: Uint8Array | undefined;
  readonly leaseMs: number;
}): IdempotentWrites {
  const { database, logger, secret, leaseMs } = options;
  const hashesOf = secret && createWriteHasher(secret);

  async function settle(attempt: Attempt, answer: Answer): Promise<void> {
    const { status, contentType, body, code } = answer;
    const counts = definite.has(code) && body.length <= bodyLengthMax;
    try {
      await database.transaction(async (tx) =>
        counts ? storeAnswer(tx, attempt, { status, contentType, body }) : releaseKey(tx, attempt),
      );
    } catch (error) {
      // The caller gets its answer all the same. Until the claim ends, the same key answers that it is in progress.
      logger.warn({ err: error }, "the answer to a write could not be kept for its idempotency key");
    }
  }

  return {
    async run(write, work) {
      if (hashesOf === undefined) {
        throw keysNotConfigured();
      }
      checkKey(write.key);
      const attempt: Attempt = { ...hashesOf(write), caller: write.caller, claim: randomUUID() };
      const found = await database.transaction(async (tx): Promise<IdempotencyRecord | "claimed"> => {
        if (await claimKey(tx, attempt, leaseMs, keptMs)) {
          return "claimed";
        }
        // One that has just gone was released by an attempt that ended at this moment: it may be tried again.
        return (await findRecord(tx, attempt)) ?? { sameRequest: true, answer: undefined, claimedForMs: 0 };
      });
      if (found !== "claimed") {
        return replayOf(found);
      }
      const answer = await work();
      await settle(attempt, answer);
      return answer;
    },
  };
}

function checkKey(key: string): void {
  if (key === "" || key.length > keyLengthMax) {
    throw new HttpProblem(
      400,
      "MALFORMED_IDEMPOTENCY_KEY",
      `The header Idempotency-Key must have 1 to ${keyLengthMax} characters; this one has ${key.length}.`,
    );
  }
}

function replayOf({ sameRequest, answer, claimedForMs }: IdempotencyRecord): Answer {
  if (!sameRequest) {
    throw new HttpProblem(
      422,
      "IDEMPOTENCY_KEY_REUSED",
      "This Idempotency-Key was used for another request. Take a new one for a new intent.",
    );
  }
  if (answer === undefined) {
    // Most attempts end within a second; the claim lasts as long as the slowest may take.
    const seconds = claimedForMs === 0 ? 1 : Math.min(5, Math.ceil(claimedForMs / 1000));
    throw new HttpProblem(
      409,
      "IDEMPOTENCY_KEY_IN_PROGRESS",
      "The first request with this Idempotency-Key is still under way. Wait, and ask again.",
      { "retry-after": `${seconds}` },
    );
  }
  return { ...answer, headers: { "idempotent-replayed": "true" } };
}

/** Doing it all the same would break the promise that a repetition does nothing. */
function keysNotConfigured(): Failure {
  return new Failure(
    "failed_precondition",
    "This gateway takes no Idempotency-Key: give it a GATEWAY_KEY (32 bytes in base64), or leave the header out.",
    { reason: "IDEMPOTENCY_KEYS_NOT_CONFIGURED" },
  );
}

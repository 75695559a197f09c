import { Failure } from "@ordermesh/failure/failure";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { CheckResult } from "./finding.ts";
import { runVerify, type VerifyTargets } from "./run-verify.ts";

/** One time that everything was looked at, as far as it has come. */
export interface VerificationRun {
  readonly startedAtMs: number;
  /** 0: nobody in particular. */
  readonly startedByUserId: bigint;
  readonly results: readonly CheckResult[];
  /** Undefined while it runs. */
  readonly end: { readonly atMs: number; readonly problem: string | undefined } | undefined;
}

/** Runs one verification at a time, and remembers the last one. */
export interface VerificationRuns {
  /** @returns the one that is under way, if there is one. */
  start(userId: bigint): VerificationRun;
  last(): VerificationRun | undefined;
  /** Waits for the one that is under way. */
  finish(): Promise<void>;
}

/** So that a page learns within minutes that a ledger is too large to be verified on the side. */
const databaseTimeoutMs = 120_000;

export function createVerificationRuns(
  targets: Omit<VerifyTargets, "databaseTimeoutMs">,
  logger: Logger,
): VerificationRuns {
  let last: VerificationRun | undefined;
  let underWay: Promise<void> | undefined;

  async function run(started: VerificationRun, results: CheckResult[]): Promise<void> {
    let problem: string | undefined;
    try {
      await runVerify({ ...targets, databaseTimeoutMs }, logger, results);
    } catch (error) {
      logger.warn({ err: error }, "a verification was broken off");
      problem =
        error instanceof Failure ? error.message : "It failed by a defect of ours, which the log names.";
    }
    last = { ...started, end: { atMs: Date.now(), problem } };
    underWay = undefined;
  }

  return {
    start(userId) {
      if (last === undefined || underWay === undefined) {
        const results: CheckResult[] = [];
        last = { startedAtMs: Date.now(), startedByUserId: userId, results, end: undefined };
        underWay = run(last, results);
      }
      return last;
    },
    last: () => last,
    async finish() {
      await underWay;
    },
  };
}

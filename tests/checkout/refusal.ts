import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";
import { expect } from "vitest";

/** An error as a client sees it. */
export interface Refusal {
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly text: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly string[];
  readonly violations: readonly string[];
  readonly retryAfterMs: number | undefined;
}

/** Waits for a call that must fail. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    (answer) => expect.fail(`the call should have been refused, but answered ${describe(answer)}`),
    (reason: unknown) => ConnectError.from(reason),
  );
  const [info] = error.findDetails(ErrorInfoSchema);
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: Code[error.code],
    reason: info?.reason,
    text: error.rawMessage,
    metadata: info?.metadata ?? {},
    fields: error
      .findDetails(BadRequestSchema)
      .flatMap((found) => found.fieldViolations.map(({ field }) => field)),
    violations: error
      .findDetails(PreconditionFailureSchema)
      .flatMap((found) => found.violations.map(({ subject, description }) => `${subject}: ${description}`)),
    retryAfterMs: delay && Number(delay.seconds) * 1000 + delay.nanos / 1_000_000,
  };
}

/** Waits for calls that must all fail. */
export function refusals(calls: readonly Promise<unknown>[]): Promise<Refusal[]> {
  return Promise.all(calls.map(refusal));
}

function describe(answer: unknown): string {
  return JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

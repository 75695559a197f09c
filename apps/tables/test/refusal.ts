import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";

/** What a call was refused with. */
export interface Refusal {
  /** "NotFound". */
  readonly code: string;
  readonly reason: string;
  readonly fields: readonly string[];
  /** Of what does not hold. */
  readonly subjects: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws if the call succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  let result: unknown;
  try {
    result = await call;
  } catch (reason) {
    const error = ConnectError.from(reason);
    const [info] = error.findDetails(ErrorInfoSchema);
    const violations = error.findDetails(BadRequestSchema).flatMap((details) => details.fieldViolations);
    const conditions = error.findDetails(PreconditionFailureSchema).flatMap((details) => details.violations);
    return {
      code: Code[error.code],
      reason: info?.reason ?? "",
      fields: violations.map(({ field }) => field),
      subjects: conditions.map(({ subject }) => subject),
      metadata: info?.metadata ?? {},
    };
  }
  const answer = JSON.stringify(result, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  throw new Error(`The call should have been refused, and was answered with ${answer}.`);
}

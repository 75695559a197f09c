import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
} from "@ordermesh/proto/google/rpc/error_details_pb";
import { traceIdHeader } from "./session/trace-header.ts";

/** What a person needs to know of a call that failed. */
export interface FailureText {
  /** What it means for who reads it. */
  readonly title: string;
  /** What the service said; it says what to do. */
  readonly text: string;
  /** "FAILED_PRECONDITION · WRONG_STATE": for who asks somebody else. */
  readonly code: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly traceId: string | undefined;
  /** By the path of the field, as the contract names it. */
  readonly violations: Readonly<Record<string, string>>;
  /** What does not hold, and of what: "sku/1076963". */
  readonly conditions: readonly { readonly subject: string; readonly text: string }[];
  /** Whether the same call may do better a moment later. */
  readonly isPassing: boolean;
}

const titles: Partial<Record<Code, string>> = {
  [Code.InvalidArgument]: "Something here is not right yet",
  [Code.NotFound]: "There is no such thing, or it is not yours",
  [Code.AlreadyExists]: "This exists already",
  [Code.FailedPrecondition]: "Not possible now",
  [Code.Aborted]: "Somebody else was faster",
  [Code.PermissionDenied]: "This is for somebody else to do",
  [Code.Unauthenticated]: "Please sign in",
  [Code.ResourceExhausted]: "Too many tries",
  [Code.Unavailable]: "The service is away for a moment",
  [Code.DeadlineExceeded]: "No answer in time",
  [Code.Canceled]: "Stopped",
};

const passing: readonly Code[] = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Aborted,
];

export function failureText(error: unknown): FailureText {
  const failure = ConnectError.from(error);
  const info = failure.findDetails(ErrorInfoSchema)[0];
  const violations = failure
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations)
    .map(({ field, description }) => [field, sentence(description)] as const);
  const conditions = failure
    .findDetails(PreconditionFailureSchema)
    .flatMap((detail) => detail.violations)
    .map(({ subject, description }) => ({ subject, text: sentence(description) }));
  return {
    title: titles[failure.code] ?? "This did not work",
    text:
      error instanceof ConnectError
        ? textOf(failure)
        : "That is a fault of this page. Loading it anew may help.",
    code: [codeName(failure.code), info?.reason].filter((part) => part).join(" · "),
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    traceId: info?.metadata.trace_id ?? failure.metadata.get(traceIdHeader) ?? undefined,
    violations: Object.fromEntries(violations),
    conditions,
    isPassing: passing.includes(failure.code),
  };
}

function textOf({ code, rawMessage }: ConnectError): string {
  if (code === Code.Internal && rawMessage === "internal error") {
    return "That is a fault of ours. The trace id leads to what happened.";
  }
  // What stood in the way, a proxy perhaps, answered with no more than a number.
  return /^HTTP \d{3}$/.test(rawMessage)
    ? `There was no answer from the service itself (${rawMessage}). Try again in a moment.`
    : sentence(rawMessage);
}

/** Services write sentences; libraries do not always, and what is said of a field begins after its name. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const begun = `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}`;
  return /[.!?…]$/.test(begun) || begun === "" ? begun : `${begun}.`;
}

function codeName(code: Code): string {
  return (Code[code] ?? "Unknown").replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
}

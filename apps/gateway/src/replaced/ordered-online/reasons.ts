import { Failure } from "@ordermesh/failure/failure";
import type { Answer } from "../../rest/answer.ts";
import { jsonAnswer, problemAnswer } from "../../rest/answer.ts";
import { HttpProblem } from "../../rest/http-problem.ts";

/** What ordered-online told a client that it did not serve: a status and `{"reason"}`. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.status = status;
    this.reason = reason;
  }
}

export const malformedJson = (cause?: unknown) => new Refusal(400, "malformed_json", cause);
export const erroneousValue = () => new Refusal(400, "erroneous_value");
export const incorrectCredentials = (cause?: unknown) => new Refusal(403, "incorrect_credentials", cause);
export const sessionNotFound = (cause?: unknown) => new Refusal(404, "session_not_found", cause);
export const locationNotFound = () => new Refusal(404, "location_not_found");
export const productNotFound = (cause?: unknown) => new Refusal(404, "product_not_found", cause);

/** The part of that system whose work a call does, as it was named when it was away. */
export type Part = "verification" | "locations" | "products" | "code" | "orders";

type Kind = Failure["kind"];

/**
 * Runs calls of one part, and turns what they throw into what that system would have said.
 *
 * @param known by the failure's kind. An upstream that is away, or takes too long, is the part that is not available.
 * @throws Refusal, or what is none of these.
 */
export async function asPart<Result>(
  part: Part,
  known: Partial<Record<Kind, (cause: Failure) => Refusal>>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const refusal = known[error.kind]?.(error);
    if (refusal !== undefined) {
      throw refusal;
    }
    if (error.kind === "unavailable" || error.kind === "deadline_exceeded") {
      throw new Refusal(503, `${part}_service_unavailable`, error);
    }
    throw error;
  }
}

/** The answer to a request that failed, whatever with: always `{"reason"}`. */
export function refusalAnswer(error: unknown): Answer {
  if (error instanceof Refusal) {
    return reasonAnswer(error.status, error.reason);
  }
  const { status, headers = {} } = problemAnswer(error);
  const reason = error instanceof HttpProblem ? error.reason.toLowerCase() : reasonOf(status);
  return { ...reasonAnswer(status, reason), headers };
}

/** What that system had no word for. */
function reasonOf(status: number): string {
  switch (status) {
    case 400:
      return "malformed_json";
    case 401:
    case 403:
      return "incorrect_credentials";
    case 404:
      return "not_found";
    case 409:
      return "conflict";
    case 429:
      return "too_many_requests";
    case 503:
    case 504:
      return "service_unavailable";
    default:
      return "internal_error";
  }
}

function reasonAnswer(status: number, reason: string): Answer {
  return jsonAnswer(status, JSON.stringify({ reason }));
}

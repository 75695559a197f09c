import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { randomHex } from "../random-text.ts";
import type { Seat } from "./seat.ts";
import { traceIdHeader } from "./trace-header.ts";
import { unreachableOf } from "./unreachable.ts";

export type Role = "buyer" | "seller" | "platform" | "operator";

/** Who somebody is, and the token that proves it for a while. */
export interface SeatAnswer {
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly user: { readonly userId: string; readonly username: string; readonly roles: readonly Role[] };
}

/** The gateway's calls that keep the refresh token in the seat's cookie, which no script can read. */
export interface SeatCalls {
  logIn(username: string, password: string): Promise<SeatAnswer>;
  refresh(): Promise<SeatAnswer>;
  logOut(): Promise<void>;
}

interface Problem {
  readonly code?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly traceId?: string;
  readonly violations?: readonly { readonly field?: string; readonly description?: string }[];
}

const timeoutMs = 15_000;

export function createSeatCalls(seat: Seat): SeatCalls {
  async function post(path: string, body: object): Promise<{ answer: unknown; sentAt: number }> {
    const traceId = randomHex(32);
    const response = await fetch(`/auth/seat/${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-ordermesh-seat": seat.id,
        traceparent: `00-${traceId}-${randomHex(16)}-01`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw unreachableOf(error) ?? error;
    });
    const answer: unknown = await response.json().catch(() => ({}));
    if (!response.ok) {
      throw errorOf(answer as Problem, response.status, traceId);
    }
    return { answer, sentAt: Date.parse(response.headers.get("date") ?? "") };
  }

  async function postForTokens(path: string, body: object): Promise<SeatAnswer> {
    const { answer, sentAt } = await post(path, body);
    const tokens = answer as Omit<SeatAnswer, "expiresAt"> & { expiresAt: string };
    const expiresAt = Date.parse(tokens.expiresAt);
    // By our own clock, which may be wrong: what counts is for how long.
    return { ...tokens, expiresAt: Number.isNaN(sentAt) ? expiresAt : Date.now() + expiresAt - sentAt };
  }

  return {
    logIn: (username, password) => postForTokens("login", { username, password }),
    refresh: () => postForTokens("refresh", {}),
    logOut: async () => void (await post("logout", {})),
  };
}

const codesByStatus: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  429: Code.ResourceExhausted,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

/** The same kind of error as that of a call, so that one place makes both readable. */
function errorOf(problem: Problem, status: number, traceId: string): ConnectError {
  const { reason = "", detail = "", violations = [] } = problem;
  const fieldViolations = violations.map(({ field = "", description = "" }) => ({ field, description }));
  return new ConnectError(
    detail === "" ? `The gateway answered ${status}.` : detail,
    codesByStatus[status] ?? Code.Internal,
    { [traceIdHeader]: problem.traceId ?? traceId },
    [
      { desc: ErrorInfoSchema, value: { reason, domain: "ordermesh" } },
      { desc: BadRequestSchema, value: { fieldViolations } },
    ],
  );
}

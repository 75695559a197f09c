import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import {
  IdentityService,
  type LoginRequest,
  type User,
  UserSchema,
} from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { type Tracing, traceparentOf } from "@ordermesh/telemetry/tracing";
import type { Exchange, GatewayRoute } from "../exchange.ts";
import { type Answer, jsonAnswer, problemAnswer } from "../rest/answer.ts";
import { parseJsonBody } from "../rest/json-body.ts";
import { requestMessage } from "../rest/request-message.ts";
import type { Route } from "../rest/route-table.ts";
import { upstreamFailure } from "../upstream-failure.ts";
import { emptySeatCookie, type HeldSeat, seatCookie, seatPath, seatsMax } from "./seat-cookies.ts";
import { readSeatRequest, type SeatRequest } from "./seat-request.ts";

export interface SeatOptions {
  readonly identity: Transport;
  readonly tracing: Tracing;
  readonly timeoutMs: number;
  readonly publicOrigin: string;
  /** Whether browsers come over TLS. */
  readonly secure: boolean;
}

/** One request about a seat while it is answered. */
interface Visit extends SeatRequest {
  readonly exchange: Exchange;
  readonly identity: Client<typeof IdentityService>;
  /** @throws Failure that tells the caller what to do. */
  ask<Result>(make: (options: CallOptions) => Promise<Result>, accessToken?: string): Promise<Result>;
  /** Has the browser keep a seat, or forget one. Sent whatever else becomes of the request. */
  keep(seat: Pick<HeldSeat, "username" | "refreshToken">): void;
  forget(seatId: string): void;
}

/**
 * Several people signed in to one browser, each in tabs of their own. The page holds an access token and nothing else: what
 * it is renewed with stays in a cookie, named after the tab's seat, that goes to these routes only.
 */
export function seatRoutes(options: SeatOptions): Route<GatewayRoute>[] {
  const identity = createClient(IdentityService, options.identity);
  const route = (name: string, answer: (visit: Visit) => Promise<Answer>): Route<GatewayRoute> => ({
    method: "POST",
    path: `${seatPath}/${name}`,
    target: {
      recorded: false,
      async answer(exchange) {
        const { traceparent } = exchange.request.headers;
        const span = options.tracing.startSpan(
          `seat ${name}`,
          typeof traceparent === "string" ? traceparent : undefined,
        );
        try {
          return await answer(
            visitOf(exchange, { ...options, client: identity, traceparent: traceparentOf(span) }),
          );
        } catch (error) {
          return problemAnswer(error, span.spanContext().traceId);
        } finally {
          span.end();
        }
      },
    },
  });
  return [route("login", logIn), route("refresh", refresh), route("logout", logOut), route("list", list)];
}

async function logIn({ exchange, identity, ask, keep, forget, seat, seats, seatId }: Visit): Promise<Answer> {
  const request = loginRequestOf(exchange);
  const { accessToken, refreshToken, expiresAt, user } = await ask((options) =>
    identity.login(request, options),
  );
  keep({ username: user?.username ?? "", refreshToken });
  const crowdedOut = seats.filter(({ id }) => id !== seatId).slice(seatsMax - 1);
  for (const { id } of crowdedOut) {
    forget(id);
  }
  // Nobody has their tokens any more. If that can not be told now, they are over with their age. A browser has no more than
  // these; who makes up more must not have us ask identity about each of them.
  const former = (seat === undefined ? crowdedOut : [seat, ...crowdedOut]).slice(0, seatsMax);
  await Promise.allSettled(
    former.map((one) => ask((options) => identity.logout({ refreshToken: one.refreshToken }, options))),
  );
  return signedIn(accessToken, expiresAt, user);
}

async function refresh({ identity, ask, keep, forget, seat, seatId }: Visit): Promise<Answer> {
  if (seat === undefined) {
    throw new Failure("unauthenticated", "Nobody is signed in here. Sign in.", { reason: "SEAT_EMPTY" });
  }
  try {
    const { accessToken, refreshToken, expiresAt } = await ask((options) =>
      identity.refresh({ refreshToken: seat.refreshToken }, options),
    );
    keep({ username: seat.username, refreshToken });
    const { user } = await ask((options) => identity.getMe({}, options), accessToken);
    return signedIn(accessToken, expiresAt, user);
  } catch (error) {
    if (error instanceof Failure && error.reason === "REFRESH_REFUSED") {
      forget(seatId);
    }
    throw error;
  }
}

/** While identity is away nobody is signed out: a token that nobody has but that still works would be the worse end. */
async function logOut({ identity, ask, forget, seat, seatId }: Visit): Promise<Answer> {
  if (seat !== undefined) {
    await ask((options) => identity.logout({ refreshToken: seat.refreshToken }, options));
    forget(seatId);
  }
  return jsonAnswer(200, "{}");
}

async function list({ seats }: Visit): Promise<Answer> {
  const listed = seats.map(({ id, username, usedAtSeconds }) => ({
    seat: id,
    username,
    usedTime: new Date(usedAtSeconds * 1_000).toISOString(),
  }));
  return jsonAnswer(200, JSON.stringify({ seats: listed }));
}

function loginRequestOf({ request, body }: Exchange): LoginRequest {
  const { login } = IdentityService.method;
  const binding = { method: login, verb: "POST", path: seatPath, body: "*" };
  const parsed = parseJsonBody(request.headers["content-type"], body);
  // The compiler does not know that the message of a method's input type is one.
  return requestMessage(binding, {
    variables: {},
    query: new URLSearchParams(),
    body: parsed,
  }) as LoginRequest;
}

/** The refresh token is not in it. */
function signedIn(accessToken: string, expiresAt: Timestamp | undefined, user: User | undefined): Answer {
  return jsonAnswer(
    200,
    JSON.stringify({
      accessToken,
      ...(expiresAt !== undefined && { expiresAt: toJson(TimestampSchema, expiresAt) }),
      ...(user !== undefined && { user: toJson(UserSchema, user, { alwaysEmitImplicit: true }) }),
    }),
  );
}

function visitOf(
  exchange: Exchange,
  options: SeatOptions & { readonly client: Client<typeof IdentityService>; readonly traceparent: string },
): Visit {
  const { request, response, clientAddress } = exchange;
  const { publicOrigin, secure, timeoutMs, traceparent, client } = options;
  const asked = readSeatRequest(request, publicOrigin);
  const deadlineAt = Date.now() + timeoutMs;
  return {
    ...asked,
    exchange,
    identity: client,
    async ask(make, accessToken) {
      const headers = {
        traceparent,
        "x-forwarded-for": clientAddress,
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      };
      try {
        return await make({ headers, timeoutMs: Math.max(0, deadlineAt - Date.now()) });
      } catch (error) {
        throw upstreamFailure("identity", error);
      }
    },
    keep(seat) {
      const usedAtSeconds = Math.floor(Date.now() / 1_000);
      response.appendHeader("set-cookie", seatCookie({ id: asked.seatId, usedAtSeconds, ...seat }, secure));
    },
    forget(seatId) {
      response.appendHeader("set-cookie", emptySeatCookie(seatId, secure));
    },
  };
}

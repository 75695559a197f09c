import type { DescMethod, Message } from "@bufbuild/protobuf";

/** Who makes a call, as far as its token tells. */
export type Principal =
  | { readonly kind: "user"; readonly userId: bigint; readonly roles: readonly string[] }
  | { readonly kind: "service"; readonly name: string }
  /** Somebody at a table, for as long as the session lasts. Only the tables service knows guests' tokens. */
  | { readonly kind: "guest"; readonly guestId: bigint; readonly sessionId: bigint }
  | { readonly kind: "anonymous" };

/** A caller that was let in. */
export interface Admission {
  readonly principal: Principal;
  /**
   * The only user whose objects this call may see and change: the caller, unless it may act for others. Undefined: no
   * such limit. Of a guest it is the guest's id, which no user has.
   */
  readonly limitedToUserId: bigint | undefined;
}

/**
 * What came with a request, besides its message. Read when it is asked for, because most of it mostly is not, and only
 * while the call lasts.
 */
export interface CallOrigin {
  /** W3C trace context that the client sent, or null. */
  readonly traceparent: string | null;
  /** The header `authorization`, or null if there is none or several. */
  readonly authorization: string | null;
  /** IP address of the other end of the connection, which may be a proxy; "" if it is gone. */
  peerAddress(): string;
  /**
   * The names that the client's certificate states, once it was verified: of a SPIFFE id its last part. Undefined over a
   * connection on which no certificate was asked for.
   */
  certificateNames(): readonly string[] | undefined;
}

/** Decides who may call one method. */
export interface MethodGuard {
  /**
   * A promise only where something has to be looked up first: a call with a known token shall not wait for one.
   *
   * @throws Failure `unauthenticated` or `permission_denied`.
   */
  admit(origin: CallOrigin): Admission | Promise<Admission>;
  /**
   * Looks at what a message says about its sender, and fills it in where it says nothing.
   *
   * @throws Failure `not_found` if it names another user than it may.
   */
  checkRequest(admission: Admission, request: Message): void;
}

/**
 * Gives each method its guard, once, when the server starts.
 *
 * @throws Failure if there is no rule for it.
 */
export type Authorize = (method: DescMethod) => MethodGuard;

/** Of a call that nobody guards: on a server without authorization, or to health and reflection. */
export const unguarded: Admission = { principal: { kind: "anonymous" }, limitedToUserId: undefined };

import { createHash } from "node:crypto";
import { isGuestHeader } from "@ordermesh/auth/guest-tokens";
import { tokenMissing } from "@ordermesh/auth/refusals";
import type { Failure } from "@ordermesh/failure/failure";
import type { Principal } from "@ordermesh/rpc/authorization";

/** Who sends a request, as far as the gateway can tell. The services decide what it may do. */
export interface Caller {
  readonly principal: Principal;
  /** Why there is no principal, if a token was sent. */
  readonly refusal: Failure | undefined;
  /** What stands for the token of a guest at a table, which only the tables service can check: its hash. */
  readonly guest?: string;
}

/** Whose token it is. @throws Failure if it is no good. */
export type Identify = (authorization: string) => Principal | Promise<Principal>;

/**
 * A bad token makes an anonymous caller here: it may be on its way to log in, and else the service refuses it.
 */
export async function identifyCaller(identify: Identify, authorization: string | undefined): Promise<Caller> {
  if (authorization === undefined) {
    return { principal: { kind: "anonymous" }, refusal: undefined };
  }
  if (isGuestHeader(authorization)) {
    const guest = createHash("sha256")
      .update(authorization.replace(/^bearer +/i, ""))
      .digest("base64url");
    return { principal: { kind: "anonymous" }, refusal: undefined, guest };
  }
  try {
    return { principal: await identify(authorization), refusal: undefined };
  } catch (error) {
    return { principal: { kind: "anonymous" }, refusal: error as Failure };
  }
}

/** A name for the caller that is the same with every token; undefined for one that nobody knows. */
export function callerId({ principal, guest }: Caller): string | undefined {
  switch (principal.kind) {
    case "user":
      return `user:${principal.userId}`;
    case "service":
      return `service:${principal.name}`;
    case "guest":
      return `guest:${principal.guestId}`;
    case "anonymous":
      return guest === undefined ? undefined : `guest:${guest}`;
  }
}

/** @throws Failure `unauthenticated` for a caller that is no user. */
export function userIdOf({ principal, refusal }: Caller): bigint {
  if (principal.kind === "user") {
    return principal.userId;
  }
  throw refusal ?? tokenMissing();
}

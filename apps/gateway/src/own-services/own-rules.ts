import type { DescService } from "@bufbuild/protobuf";
import { type Authorize, type MethodGuard, unguarded } from "@ordermesh/rpc/authorization";

/** The service that a call goes on to decides. */
const passOn: MethodGuard = {
  admit: () => unguarded,
  checkRequest: () => {},
};

/** Applies the rules of the contracts to the gateway's own services, and to no other. */
export function authorizeOwn(
  own: readonly DescService[],
  authorize: Authorize | undefined,
): Authorize | undefined {
  return authorize && ((method) => (own.includes(method.parent) ? authorize(method) : passOn));
}

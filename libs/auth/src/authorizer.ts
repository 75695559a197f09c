import type { DescMethod } from "@bufbuild/protobuf";
import type { Admission, Authorize, CallOrigin, MethodGuard, Principal } from "@ordermesh/rpc/authorization";
import { unguarded } from "@ordermesh/rpc/authorization";
import { guestRole, type MethodRule, methodName, type RuleTable, ruleOf } from "./method-rule.ts";
import { callRefused, tokenMissing, tokenRefused } from "./refusals.ts";
import { findSelfField, limitToUser } from "./self-field.ts";

/** Finds out whose token it is: the whole header `authorization`. At once, where the token is known. */
export type Identify = (header: string) => Principal | Promise<Principal>;

/** Applies the rules of the contracts, and those of the table to methods whose contracts have none. */
export function createAuthorize(identify: Identify, table: RuleTable = {}): Authorize {
  return (method) => {
    const rule = ruleOf(method, table);
    return rule.public === true ? openGuard : createGuard(method, rule, identify);
  };
}

/** A token is not even looked at: whoever has a bad one may want to log in. */
const openGuard: MethodGuard = {
  admit: () => unguarded,
  checkRequest: () => {},
};

function createGuard(method: DescMethod, rule: MethodRule, identify: Identify): MethodGuard {
  const name = methodName(method);
  const roles = new Set(rule.roles);
  const services = new Set(rule.services);
  const actForOthers = new Set(rule.actForOthers);
  const selfField = rule.selfField ? findSelfField(method.input, rule.selfField) : undefined;

  function decide(principal: Principal, origin: CallOrigin): Admission {
    switch (principal.kind) {
      case "user":
        if (!principal.roles.some((role) => roles.has(role))) {
          const own = principal.roles.join(", ") || "none";
          throw callRefused(name, `with the roles that you have (${own})`);
        }
        return {
          principal,
          limitedToUserId: principal.roles.some((role) => actForOthers.has(role))
            ? undefined
            : principal.userId,
        };
      case "service":
        checkCertificate(principal.name, origin);
        if (!services.has(principal.name)) {
          throw callRefused(name, `by the service ${principal.name}`);
        }
        return { principal, limitedToUserId: undefined };
      case "guest":
        if (!roles.has(guestRole)) {
          throw callRefused(name, "by a guest at a table");
        }
        return { principal, limitedToUserId: principal.guestId };
      case "anonymous":
        throw tokenMissing();
    }
  }

  return {
    admit(origin) {
      const { authorization } = origin;
      if (authorization === null) {
        throw tokenMissing();
      }
      const principal = identify(authorization);
      return principal instanceof Promise
        ? principal.then((found) => decide(found, origin))
        : decide(principal, origin);
    },
    checkRequest({ limitedToUserId }, request) {
      if (selfField !== undefined && limitedToUserId !== undefined) {
        limitToUser(selfField, request, limitedToUserId);
      }
    },
  };
}

/** Where certificates are asked for, a stolen service token is of no use without the service's own. */
function checkCertificate(service: string, origin: CallOrigin): void {
  const names = origin.certificateNames();
  if (names !== undefined && !names.includes(service)) {
    throw tokenRefused(`it is of the service ${service}, and the client's certificate is not`);
  }
}

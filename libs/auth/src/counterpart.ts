import type { DescMethod } from "@bufbuild/protobuf";
import { type MethodRule, ruleOf } from "./method-rule.ts";

/**
 * The rule for a method of a contract that is not ours: that of the method that does the same in ours.
 *
 * @param open true: anybody may call it, as in the system that it was taken from.
 * @param selfField what the field that names the user is called there.
 */
export function counterpartRule(method: DescMethod, open: boolean, selfField = ""): MethodRule {
  if (open) {
    return { public: true };
  }
  const { roles, services, actForOthers, owned, public: isPublic } = ruleOf(method);
  return { public: isPublic, roles, services, actForOthers, owned, selfField };
}

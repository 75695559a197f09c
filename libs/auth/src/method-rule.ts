import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import { rule as ruleOption } from "@ordermesh/proto/ordermesh/auth/v1/rule_pb";
import { findSelfField } from "./self-field.ts";

/** Roles of users. Services have names instead. */
export const userRoles = ["buyer", "seller", "platform", "operator"] as const;

/** What a rule calls those whom the tables service knows by tokens of its own. No user has it. */
export const guestRole = "guest";

const knownRoles: readonly string[] = [...userRoles, guestRole];

/** Who may call a method; the same as ordermesh.auth.v1.Rule says in a contract. What is left out is empty. */
export interface MethodRule {
  readonly public?: boolean;
  readonly roles?: readonly string[];
  readonly services?: readonly string[];
  readonly selfField?: string;
  readonly actForOthers?: readonly string[];
  readonly owned?: boolean;
}

/** Rules of methods whose contract shall not be touched, by "package.Service/Method". */
export type RuleTable = Readonly<Record<string, MethodRule>>;

export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/**
 * The rule of a method: its contract's, or else the table's.
 *
 * @throws Failure `failed_precondition` if there is none, or one that contradicts itself: a method that anybody may call
 * by mistake shall not be served.
 */
export function ruleOf(method: DescMethod, table: RuleTable = {}): MethodRule {
  const rule = hasOption(method, ruleOption) ? getOption(method, ruleOption) : table[methodName(method)];
  if (rule === undefined) {
    throw badRule(method, "has no rule: add the option (ordermesh.auth.v1.rule) to its contract");
  }
  const { roles = [], services = [], actForOthers = [], selfField = "", owned = false } = rule;
  const unknown = roles.find((role) => !knownRoles.includes(role));
  if (unknown !== undefined) {
    throw badRule(method, `names the role "${unknown}", but the roles are ${knownRoles.join(", ")}`);
  }
  const restricts = roles.length + services.length + actForOthers.length > 0 || selfField !== "" || owned;
  if (rule.public === true && restricts) {
    throw badRule(method, "is public and restricted at the same time");
  }
  if (rule.public !== true && roles.length + services.length === 0) {
    throw badRule(method, "has a rule by which nobody may call it");
  }
  if (!actForOthers.every((role) => roles.includes(role))) {
    throw badRule(method, "lets a role act for others that may not call it");
  }
  if (selfField !== "" && findSelfField(method.input, selfField) === undefined) {
    throw badRule(method, `has the self_field "${selfField}", which is no int64 field of its request`);
  }
  return rule;
}

function badRule(method: DescMethod, problem: string): Failure {
  return new Failure("failed_precondition", `${methodName(method)} ${problem}.`, { reason: "BAD_RULE" });
}

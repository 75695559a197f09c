import { Failure } from "@ordermesh/failure/failure";
import { knowsAction } from "../workflows/list-actions.ts";
import type { LomsWorkflow } from "../workflows/registry.ts";
import { hasItems } from "../workflows/subjects.ts";
import { type ActionParameters, type Amount, hasControlCharacter } from "./action-parameters.ts";

type ParameterName = keyof ActionParameters;

/** What every action may be given. */
const always: readonly ParameterName[] = ["reason", "memo"];

/** What else an action reads. */
export const readBy: Readonly<Record<string, readonly ParameterName[]>> = {
  "request refund": ["refundAmount", "pictureUrls"],
  "request refund with return": ["refundAmount", "pictureUrls"],
  "change refund request": ["refundKind", "refundAmount", "pictureUrls"],
  "ship the order": ["carrier", "trackingNumber"],
  "ship back": ["carrier", "trackingNumber"],
  "change shipping addr": ["shippingAddress"],
  "change shipping fee": ["shippingFee"],
};

/** Without what an action would do nothing. */
export const neededBy: Readonly<Record<string, ParameterName>> = {
  "change shipping addr": "shippingAddress",
  "change shipping fee": "shippingFee",
};

export const fieldNames: Readonly<Record<ParameterName, string>> = {
  reason: "reason",
  memo: "memo",
  refundKind: "refund_kind",
  refundAmount: "refund_amount",
  pictureUrls: "picture_urls",
  carrier: "carrier",
  trackingNumber: "tracking_number",
  shippingAddress: "shipping_address",
  shippingFee: "shipping_fee",
};

/**
 * Looks whether an action can be given these parameters. An action that the workflow does not know is left to it.
 *
 * @param options.currencyCode of the order; undefined if it has no prices.
 * @returns a Failure `invalid_argument` that names the field: one that the action does not read, one that it needs, an
 * amount in another currency, or a control character where people read. Undefined: they fit.
 */
export function parameterFailure(options: {
  readonly definition: LomsWorkflow;
  readonly action: string;
  readonly parameters: ActionParameters;
  readonly currencyCode: string | undefined;
}): Failure | undefined {
  const { definition, action, parameters, currencyCode } = options;
  if (!knowsAction(definition, action)) {
    return undefined;
  }
  const given = Object.keys(parameters) as ParameterName[];
  const allowed = readIn(definition, action);
  const stranger = given.find((name) => !always.includes(name) && !allowed.includes(name));
  if (stranger !== undefined) {
    return invalid(stranger, `"${action}" does not read it`);
  }
  const needed = neededBy[action];
  if (needed !== undefined && !given.includes(needed)) {
    return invalid(needed, `"${action}" needs it`);
  }
  return (
    amountFailure("refundAmount", parameters.refundAmount, currencyCode) ??
    amountFailure("shippingFee", parameters.shippingFee, currencyCode) ??
    textFailure(parameters)
  );
}

/** What is left of a voucher is for its terms to say, and there is no picture of it. */
function readIn(definition: LomsWorkflow, action: string): readonly ParameterName[] {
  return hasItems(definition) ? (readBy[action] ?? []) : [];
}

/** What an action of a workflow reads besides what every action does, by the contract's names. */
export function parameterFields(
  definition: LomsWorkflow,
  action: string,
): { readonly parameters: string[]; readonly requiredParameters: string[] } {
  const read = readIn(definition, action);
  return {
    parameters: read.map((name) => fieldNames[name]),
    requiredParameters: read.filter((name) => name === neededBy[action]).map((name) => fieldNames[name]),
  };
}

function amountFailure(
  name: ParameterName,
  amount: Amount | undefined,
  currencyCode: string | undefined,
): Failure | undefined {
  if (amount === undefined || amount.currencyCode === currencyCode) {
    return undefined;
  }
  const isPriceless = currencyCode === undefined;
  return invalid(
    name,
    isPriceless ? "must be left out: the order has no prices" : `must be in ${currencyCode}`,
  );
}

function textFailure(parameters: ActionParameters): Failure | undefined {
  const texts = ["carrier", "trackingNumber", "reason"] as const;
  const found = texts.find((name) => hasControlCharacter(parameters[name] ?? ""));
  return found === undefined ? undefined : invalid(found, "must not contain control characters");
}

function invalid(name: ParameterName, description: string): Failure {
  const field = `parameters.${fieldNames[name]}`;
  return new Failure("invalid_argument", `${field}: ${description}.`, {
    reason: "INVALID_PARAMETERS",
    fieldViolations: [{ field, description }],
  });
}

import { type Order, RefundKind } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { parseAmount } from "../format.ts";
import type { FormValues } from "../ui/form.tsx";
import type { ActionParametersInput } from "../use-order-action.ts";

/** An amount that is none: the name of its field. */
export interface BadAmount {
  readonly field: string;
}

/**
 * What was typed, as parameters. Empty fields are left out: an action is given what somebody wanted to say, and no more.
 *
 * @param reads the fields that the action reads besides reason and memo, by the contract's names.
 */
export function parametersOf(
  values: FormValues,
  reads: readonly string[],
  currencyCode: string,
): ActionParametersInput | BadAmount {
  const text = (name: string) => (values[`parameters.${name}`] ?? "").trim();
  const amounts: Record<string, { readonly currencyCode: string; readonly amountMinor: bigint }> = {};
  for (const name of ["refund_amount", "shipping_fee"].filter((each) => reads.includes(each))) {
    const typed = text(name);
    const amountMinor = typed === "" ? undefined : parseAmount(typed, currencyCode);
    if (typed !== "" && amountMinor === undefined) {
      return { field: `parameters.${name}` };
    }
    if (amountMinor !== undefined) {
      amounts[name] = { currencyCode, amountMinor };
    }
  }
  const pictureUrls = text("picture_urls").split(/\s+/).filter(Boolean);
  const refundKind = text("refund_kind");
  return {
    ...(text("reason") !== "" && { reason: text("reason") }),
    ...(text("memo") !== "" && { memo: text("memo") }),
    ...(reads.includes("carrier") && text("carrier") !== "" && { carrier: text("carrier") }),
    ...(reads.includes("tracking_number") &&
      text("tracking_number") !== "" && { trackingNumber: text("tracking_number") }),
    ...(amounts.refund_amount && { refundAmount: amounts.refund_amount }),
    ...(amounts.shipping_fee && { shippingFee: amounts.shipping_fee }),
    ...(reads.includes("picture_urls") && pictureUrls.length > 0 && { pictureUrls }),
    ...(reads.includes("refund_kind") &&
      refundKind !== "" && {
        refundKind: refundKind === "return" ? RefundKind.WITH_RETURN : RefundKind.REFUND_ONLY,
      }),
    ...(reads.includes("shipping_address") && {
      shippingAddress: {
        recipient: text("shipping_address.recipient"),
        lines: (values["parameters.shipping_address.lines"] ?? "")
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean),
        postalCode: text("shipping_address.postal_code"),
        city: text("shipping_address.city"),
        countryCode: text("shipping_address.country_code").toUpperCase(),
        phone: text("shipping_address.phone"),
      },
    }),
  };
}

export function isBadAmount(parameters: ActionParametersInput | BadAmount): parameters is BadAmount {
  return "field" in parameters;
}

/** The currency that an order's amounts are in; empty if it has no prices. */
export function currencyOf(order: Order): string {
  return order.total?.currencyCode ?? "";
}

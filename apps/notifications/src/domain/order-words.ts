import { inertText } from "./inert-text.ts";
import type { CancelReason, OrderChange, Shortage, VoucherNews } from "./order-news.ts";
import { refundWords } from "./refund-words.ts";
import type { Words } from "./words.ts";
import { listOf, timeText } from "./words.ts";

/** Carriers and tracking numbers are short; more is somebody's joke. */
const shipmentTextMax = 80;

/** What a buyer is told of a change, without the order itself. */
export function wordsOf(change: OrderChange, orderId: bigint): Words {
  switch (change.kind) {
    case "created":
      return {
        title: `Order ${orderId} received`,
        intro: `We have received your order ${orderId}.`,
      };
    case "awaiting_payment":
      return awaitingPayment(change.paymentDueAt, orderId);
    case "failed":
      return failed(change.shortages, orderId);
    case "paid":
      return {
        title: `Order ${orderId} is paid`,
        intro: `Thank you. Your payment for order ${orderId} has arrived.`,
        outro: change.voucher === undefined ? "" : voucherText(change.voucher),
      };
    case "canceled":
      return { title: `Order ${orderId} was canceled`, intro: cancellationText(change.reason, orderId) };
    case "shipped":
      return {
        title: `Order ${orderId} is on its way`,
        intro: `Your order ${orderId} was shipped.`,
        outro: parcelText(change),
      };
    case "delivered":
      return { title: `Order ${orderId} was delivered`, intro: `Your order ${orderId} was delivered.` };
    case "completed":
      return {
        title: `Order ${orderId} is complete`,
        intro: `Your order ${orderId} is complete. Thank you.`,
      };
    case "changed_by_seller":
      return changedBySeller(change.what, orderId);
    default:
      return refundWords(change, orderId);
  }
}

function awaitingPayment(paymentDueAt: Date | undefined, orderId: bigint): Words {
  return {
    title: `Order ${orderId} is waiting for your payment`,
    intro: `Everything in your order ${orderId} is in stock and reserved for you.`,
    outro:
      paymentDueAt === undefined
        ? "Please pay soon. An order that is not paid in time is canceled."
        : `Please pay before ${timeText(paymentDueAt)}. An order that is not paid by then is canceled.`,
  };
}

function failed(shortages: readonly Shortage[], orderId: bigint): Words {
  return {
    title: `Order ${orderId} could not be placed`,
    intro: `Your order ${orderId} could not be placed, because not everything is in stock.`,
    outro: [listOf(shortages.map(shortageText)), "Nothing was reserved and nothing will be charged."]
      .filter((paragraph) => paragraph !== "")
      .join("\n\n"),
  };
}

/** The codes themselves are not here: this text goes into lists, mails and other people's webhooks. */
function voucherText({ codes, validUntil }: VoucherNews): string {
  const until = timeText(validUntil);
  return codes === 1
    ? `Your code is valid until ${until}. You find it with your order.`
    : `Your ${codes} codes are valid until ${until}. You find them with your order.`;
}

function cancellationText(reason: CancelReason, orderId: bigint): string {
  switch (reason) {
    case "requested":
      return `Your order ${orderId} was canceled as requested.`;
    case "payment_deadline":
      return `Your order ${orderId} was canceled, because it was not paid in time.`;
    case "refunded":
      return `Your order ${orderId} was canceled, because all of it was refunded.`;
    case "expired":
      return `Your order ${orderId} was canceled, because its codes were not used in time.`;
    case "declined":
      return `Your order ${orderId} was canceled, because its payment was declined.`;
    case "unknown":
      return `Your order ${orderId} was canceled.`;
  }
}

function parcelText({ carrier, trackingNumber }: OrderChange & { kind: "shipped" }): string {
  const parts = [
    ["Carrier", carrier],
    ["Tracking number", trackingNumber],
  ] as const;
  return parts
    .map(([name, text]) => [name, inertText(text, shipmentTextMax)] as const)
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `${name}: ${text}`)
    .join("\n");
}

function changedBySeller(
  what: (OrderChange & { kind: "changed_by_seller" })["what"],
  orderId: bigint,
): Words {
  switch (what) {
    case "shipping_address":
      return {
        title: `Order ${orderId}: the shipping address was changed`,
        intro: `The seller has changed the shipping address of your order ${orderId}.`,
      };
    case "shipping_fee":
      return {
        title: `Order ${orderId}: the shipping fee was changed`,
        intro: `The seller has changed the shipping fee of your order ${orderId}.`,
      };
    case "reception_time":
      return {
        title: `Order ${orderId}: there is more time to confirm`,
        intro: `The seller has given you more time to say whether your order ${orderId} has arrived.`,
      };
  }
}

function shortageText({ sku, requested, available }: Shortage): string {
  const stock = available === 0 ? "none is" : available === 1 ? "1 is" : `${available} are`;
  return `SKU ${sku}: you asked for ${requested}, ${stock} available`;
}

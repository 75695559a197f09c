import { inertText } from "./inert-text.ts";
import type { OrderChange, Price, RefundNews, RefundStep } from "./order-news.ts";
import { priceText } from "./price-text.ts";
import type { Words } from "./words.ts";

type RefundChange = OrderChange & { kind: "refund_granted" | "refund_finished" | "refund_moved" };

/** A note is a few sentences; the whole of it is with the order. */
const memoLengthMax = 500;

/** What a buyer is told of a refund. */
export function refundWords(change: RefundChange, orderId: bigint): Words {
  const { refund } = change;
  switch (change.kind) {
    case "refund_granted":
      return { ...granted(refund, orderId), about: refund.sku };
    case "refund_finished":
      return {
        title: `Order ${orderId}: your refund is finished`,
        intro: isSome(refund.amount)
          ? `We have given ${priceText(refund.amount)} back to you for your order ${orderId}.`
          : `Your refund for order ${orderId} is finished.`,
        about: refund.sku,
      };
    case "refund_moved": {
      const { title, intro, outro = "" } = movedWords[change.to];
      const memo = inertText(change.memo, memoLengthMax);
      return {
        title: `Order ${orderId}: ${title}`,
        intro: intro(orderId),
        outro: [memo === "" ? "" : `Note: ${memo}`, outro].filter((text) => text !== "").join("\n\n"),
        about: refund.sku,
      };
    }
  }
}

function granted({ amount, isForExpiredCodes }: RefundNews, orderId: bigint): Words {
  return {
    title: `Order ${orderId}: your refund is under way`,
    intro: isForExpiredCodes
      ? `The codes of your order ${orderId} have expired. What you have not used is given back.`
      : `Your refund for order ${orderId} is agreed.`,
    outro: isSome(amount) ? `${priceText(amount)} will be given back to you.` : "",
  };
}

function isSome(amount: Price | undefined): amount is Price {
  return amount !== undefined && amount.amountMinor > 0n;
}

interface MovedWords {
  readonly title: string;
  readonly intro: (orderId: bigint) => string;
  readonly outro?: string;
}

const movedWords: Readonly<Record<RefundStep, MovedWords>> = {
  rejected: {
    title: "the seller has not agreed to your refund",
    intro: (orderId) =>
      `The seller has not agreed to the refund that you asked for with your order ${orderId}.`,
    outro:
      "You may change your request, have customer service look at it, or cancel it. If you do nothing, it ends.",
  },
  send_back: {
    title: "please send the goods back",
    intro: (orderId) => `Your refund for order ${orderId} is agreed, as soon as the goods are back.`,
    outro:
      "Please send them, and tell carrier and tracking number with the order. If you do nothing, the refund ends.",
  },
  customer_service: {
    title: "customer service looks at your refund",
    intro: (orderId) => `Customer service now decides about the refund for your order ${orderId}.`,
  },
  closed_by_platform: {
    title: "your refund was refused",
    intro: (orderId) => `Customer service has decided against the refund for your order ${orderId}.`,
  },
  closed_for_silence: {
    title: "your refund has ended",
    intro: (orderId) =>
      `The refund for your order ${orderId} has ended, because there was no answer from you in time.`,
  },
  overtaken_by_shipping: {
    title: "your refund has ended, the goods are on their way",
    intro: (orderId) => `Your order ${orderId} was shipped before the refund that you asked for was decided.`,
    outro: "You may ask for a refund again, with or without sending the goods back.",
  },
};

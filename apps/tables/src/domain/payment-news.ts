import type { BillShare } from "./bill.ts";
import { interruptedCode } from "./bill.ts";
import type { ShareEvent } from "./share-state.ts";

/** How the payment of a share stands, as the payment service tells it. */
export interface PaymentNews {
  readonly shareId: bigint;
  readonly paymentId: bigint;
  /** Grows with each change of the payment. */
  readonly version: number;
  /**
   * `free`: nobody has tried to pay it. `captured`: the money came, whatever was given back since. `canceled`: it can not
   * be paid any more.
   */
  readonly standing: "free" | "processing" | "captured" | "declined" | "canceled";
  /** Set if the last try was declined. */
  readonly declineCode: string;
}

type CardEvent = Extract<ShareEvent, { kind: "card_captured" | "card_refused" }>;

/** How the news came: told by an event or as the answer to a try, or asked for about a try that is under way. */
export type NewsSource = { readonly kind: "told" } | { readonly kind: "asked"; readonly tryId: bigint };

/**
 * What news of a payment mean to its share; undefined: nothing, or nothing new.
 *
 * What is told counts if it is newer than all that was told before: the decline of an earlier try may come late. What was
 * asked for, a while after a try began, speaks about that try also if nothing has happened since: then the try has never
 * arrived.
 */
export function shareEventOf(
  news: PaymentNews,
  share: Pick<BillShare, "paymentVersion" | "tryId">,
  source: NewsSource,
): CardEvent | undefined {
  const isNew = news.version > share.paymentVersion;
  const isAboutTry =
    source.kind === "asked" && source.tryId === share.tryId && news.version === share.paymentVersion;
  if (!isNew && !isAboutTry) {
    return undefined;
  }
  switch (news.standing) {
    case "captured":
      return { kind: "card_captured" };
    case "processing":
      return undefined;
    case "declined":
      return { kind: "card_refused", code: isNew ? news.declineCode : interruptedCode };
    case "canceled":
      return { kind: "card_refused", code: interruptedCode };
    case "free":
      // A payment that was only made says nothing about the try for which it was made, unless that is asked about.
      return source.kind === "asked" && source.tryId === share.tryId
        ? { kind: "card_refused", code: interruptedCode }
        : undefined;
  }
}

import type { Tx } from "@ordermesh/postgres/tx";
import { findShare } from "./bill-access.ts";
import { type AppliedToShare, applyToShare } from "./bill-changes.ts";
import { type NewsSource, type PaymentNews, shareEventOf } from "./domain/payment-news.ts";
import type { Session } from "./domain/session.ts";
import { notePayment } from "./sql/bills.ts";

/**
 * Notes what the payment service says about a share: the answer of a try, the event and the look-up all come through here,
 * in any order and any number, and the first one counts. The session is locked.
 *
 * @returns undefined for a share that is not there.
 */
export async function recordNews(
  tx: Tx,
  session: Session,
  news: PaymentNews,
  source: NewsSource,
  traceparent: string,
): Promise<AppliedToShare | undefined> {
  const found = await findShare(tx, news.shareId);
  if (found === undefined || found.bill.sessionId !== session.id) {
    return undefined;
  }
  const { bill, share } = found;
  notePayment(tx, share.id, news.paymentId, news.version);
  const event = shareEventOf(news, share, source);
  if (event === undefined) {
    return { session, bill, share, decision: { kind: "unchanged", cancelsPayment: false } };
  }
  // Of a share that a forced close waited for, the reason of that is what is remembered.
  const memo = share.writeOffReason ?? "";
  return await applyToShare(tx, session, bill, share, event, { memo, traceparent });
}

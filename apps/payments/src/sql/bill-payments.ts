import type { Tx } from "@ordermesh/postgres/tx";
import type { Payment } from "../domain/payment.ts";
import { type PaymentRow, paymentColumns, paymentOf } from "./payment-row.ts";
import { insertHistory } from "./payments.ts";

/** Makes the payment of a bill share, with the first row of its history, unless there is one. */
export async function insertBillPayment(
  tx: Tx,
  draft: {
    readonly billShareId: bigint;
    readonly userId: bigint;
    readonly currencyCode: string;
    readonly amountMinor: bigint;
  },
): Promise<Payment | undefined> {
  const [row] = await tx.query<PaymentRow>(
    `insert into payments (bill_share_id, user_id, status, version, currency_code, amount_minor, order_state,
       order_version, created_at)
     values ($1::bigint, $2::bigint, 'requires_payment', 1, $3, $4::bigint, 'awaiting_payment', 0,
       date_trunc('milliseconds', now()))
     on conflict (bill_share_id) do nothing
     returning ${paymentColumns}`,
    [`${draft.billShareId}`, `${draft.userId}`, draft.currencyCode, `${draft.amountMinor}`],
  );
  if (row === undefined) {
    return undefined;
  }
  const payment = paymentOf(row);
  insertHistory(tx, [{ payment, event: "made" }]);
  return payment;
}

/** @returns undefined if there is none. */
export async function lockPaymentOfShare(tx: Tx, billShareId: bigint): Promise<Payment | undefined> {
  const [row] = await tx.query<PaymentRow>(
    `select ${paymentColumns} from payments where bill_share_id = $1::bigint for no key update`,
    [`${billShareId}`],
  );
  return row === undefined ? undefined : paymentOf(row);
}

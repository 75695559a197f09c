import { arrayLiteral, type Queryable, type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";
import type { PaymentNews, PaymentSoFar } from "../domain/payment-news.ts";

/** The newest that was told of each of these payments; those of which nothing was told are left out. */
export async function findPaymentsSoFar(
  db: Queryable,
  paymentIds: readonly { readonly orderId: bigint; readonly paymentId: bigint }[],
): Promise<Map<bigint, PaymentSoFar>> {
  const rows = await db.query<{
    payment_id: bigint;
    version: number;
    captured_minor: bigint;
    refunded_minor: bigint;
  }>(
    `select distinct on (e.payment_id) e.payment_id, e.version, e.captured_minor, e.refunded_minor
     from unnest($1::bigint[], $2::bigint[]) as p (order_id, payment_id)
     join order_payment_events e on e.order_id = p.order_id and e.payment_id = p.payment_id
     order by e.payment_id, e.version desc`,
    [
      arrayLiteral(paymentIds.map(({ orderId }) => orderId)),
      arrayLiteral(paymentIds.map(({ paymentId }) => paymentId)),
    ],
  );
  return new Map(
    rows.map((row) => [
      row.payment_id,
      { version: row.version, capturedMinor: row.captured_minor, refundedMinor: row.refunded_minor },
    ]),
  );
}

export interface RecordedNews extends PaymentNews {
  /** "paid", "unchanged", or why the money was not taken. */
  readonly outcome: string;
}

/** Notes what was told and what came of it. */
export function insertPaymentNews(tx: Tx, news: readonly RecordedNews[]): void {
  if (news.length === 0) {
    return;
  }
  tx.execute(
    `insert into order_payment_events (order_id, payment_id, version, kind, reason, currency_code, captured_minor,
       refunded_minor, outcome)
     select * from unnest($1::bigint[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[],
       $8::bigint[], $9::text[])
     on conflict do nothing`,
    [
      arrayLiteral(news.map(({ orderId }) => orderId)),
      arrayLiteral(news.map(({ paymentId }) => paymentId)),
      arrayLiteral(news.map(({ version }) => version)),
      textArrayLiteral(news.map(({ kind }) => kind)),
      textArrayLiteral(news.map(({ reason }) => reason)),
      textArrayLiteral(news.map(({ currencyCode }) => currencyCode)),
      arrayLiteral(news.map(({ capturedMinor }) => capturedMinor)),
      arrayLiteral(news.map(({ refundedMinor }) => refundedMinor)),
      textArrayLiteral(news.map(({ outcome }) => outcome)),
    ],
  );
}

import {
  arrayLiteral,
  bytesArrayLiteral,
  type Queryable,
  type Tx,
  textArrayLiteral,
} from "@ordermesh/postgres/tx";
import type { VoucherCode, VoucherCodeState, VoucherFacts, VoucherTerms } from "../domain/voucher.ts";

/** Writes what new service orders promise. */
export function insertVoucherTerms(
  tx: Tx,
  rows: readonly { readonly orderId: bigint; readonly terms: VoucherTerms }[],
): void {
  if (rows.length === 0) {
    return;
  }
  tx.execute(
    `insert into voucher_terms (order_id, service_times, unit_price_minor, valid_until, anytime_refund,
       expiration_refund, mobile)
     select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::timestamptz[], $5::boolean[], $6::boolean[],
       $7::text[])`,
    [
      arrayLiteral(rows.map(({ orderId }) => orderId)),
      arrayLiteral(rows.map(({ terms }) => terms.serviceTimes)),
      arrayLiteral(rows.map(({ terms }) => terms.unitPrice.amountMinor)),
      textArrayLiteral(rows.map(({ terms }) => terms.validUntil.toISOString())),
      arrayLiteral(rows.map(({ terms }) => terms.anytimeRefund)),
      arrayLiteral(rows.map(({ terms }) => terms.expirationRefund)),
      textArrayLiteral(rows.map(({ terms }) => terms.mobile)),
    ],
  );
}

interface TermsRow {
  readonly order_id: bigint;
  readonly service_times: number;
  readonly unit_price_minor: bigint;
  readonly valid_until: Date;
  readonly anytime_refund: boolean;
  readonly expiration_refund: boolean;
}

/** Of those of these orders that are service orders. Whoever holds an order's lock holds its facts. */
export async function findVoucherFacts(
  db: Queryable,
  orderIds: readonly bigint[],
): Promise<Map<bigint, VoucherFacts>> {
  const rows = await db.query<TermsRow & { used: bigint }>(
    `select t.order_id, service_times, unit_price_minor, valid_until, anytime_refund, expiration_refund,
       (select count(*) from voucher_codes c where c.order_id = t.order_id and c.state = 'used') as used
     from voucher_terms t where t.order_id = any($1::bigint[])`,
    [arrayLiteral(orderIds)],
  );
  return new Map(
    rows.map((row) => [
      row.order_id,
      {
        codes: row.service_times,
        codesUsed: Number(row.used),
        unitPriceMinor: Number(row.unit_price_minor),
        anytimeRefund: row.anytime_refund,
        expirationRefund: row.expiration_refund,
        validUntil: row.valid_until,
      },
    ]),
  );
}

/** What codes are issued by. */
export interface TermsToIssue {
  readonly orderId: bigint;
  readonly serviceTimes: number;
  readonly validUntil: Date;
  readonly mobile: string;
}

export async function findTermsToIssue(tx: Tx, orderIds: readonly bigint[]): Promise<TermsToIssue[]> {
  const rows = await tx.query<TermsRow & { mobile: string }>(
    `select order_id, service_times, valid_until, mobile from voucher_terms
     where order_id = any($1::bigint[]) order by order_id`,
    [arrayLiteral(orderIds)],
  );
  return rows.map((row) => ({
    orderId: row.order_id,
    serviceTimes: row.service_times,
    validUntil: row.valid_until,
    mobile: row.mobile,
  }));
}

export interface NewVoucherCode {
  readonly orderId: bigint;
  readonly number: number;
  readonly hash: Buffer;
  readonly sealed: Buffer;
}

/**
 * Writes codes, but for those whose digits another code has.
 *
 * @returns those that were written, by order and number.
 */
export async function insertVoucherCodes(
  tx: Tx,
  codes: readonly NewVoucherCode[],
): Promise<{ readonly orderId: bigint; readonly number: number }[]> {
  const rows = await tx.query<{ order_id: bigint; number: number }>(
    // By hash, so that two batches that meet wait for each other instead of deadlocking.
    `insert into voucher_codes (order_id, number, code_hash, sealed_code)
     select order_id, number, code_hash, sealed_code
     from unnest($1::bigint[], $2::int[], $3::bytea[], $4::bytea[]) as c (order_id, number, code_hash, sealed_code)
     order by code_hash
     on conflict (code_hash) do nothing
     returning order_id, number`,
    [
      arrayLiteral(codes.map(({ orderId }) => orderId)),
      arrayLiteral(codes.map(({ number }) => number)),
      bytesArrayLiteral(codes.map(({ hash }) => hash)),
      bytesArrayLiteral(codes.map(({ sealed }) => sealed)),
    ],
  );
  return rows.map((row) => ({ orderId: row.order_id, number: row.number }));
}

/** Moves all codes of these orders that are in one of some states; used ones are never moved. */
export function moveVoucherCodes(
  tx: Tx,
  orderIds: readonly bigint[],
  from: readonly Exclude<VoucherCodeState, "used">[],
  to: Exclude<VoucherCodeState, "used">,
): void {
  if (orderIds.length === 0) {
    return;
  }
  tx.execute(
    `update voucher_codes set state = $3::voucher_code_state, changed_at = now()
     where order_id = any($1::bigint[]) and state = any($2::voucher_code_state[])`,
    [arrayLiteral(orderIds), arrayLiteral(from), to],
  );
}

export interface StoredVoucher {
  readonly totalMinor: number;
  readonly terms: VoucherTerms;
  readonly codes: readonly (VoucherCode & { readonly sealed: Uint8Array })[];
}

/** An order's owner, and its voucher if it is a service order. @returns undefined if there is no such order. */
export async function findVoucherOfOrder(
  db: Queryable,
  orderId: bigint,
): Promise<{ readonly userId: bigint; readonly voucher: StoredVoucher | undefined } | undefined> {
  const [[row], codes] = await Promise.all([
    db.query<OrderWithTerms>(
      `select o.user_id, o.total_minor, o.currency_code, t.*
       from orders o left join voucher_terms t on t.order_id = o.id where o.id = $1::bigint`,
      [`${orderId}`],
    ),
    db.query<{ number: number; state: VoucherCodeState; changed_at: Date; sealed_code: Uint8Array }>(
      `select number, state, changed_at, sealed_code from voucher_codes
       where order_id = $1::bigint order by number`,
      [`${orderId}`],
    ),
  ]);
  if (row === undefined) {
    return undefined;
  }
  const { user_id, total_minor } = row;
  const voucher =
    row.order_id === null ? undefined : { totalMinor: Number(total_minor), terms: termsOf(row) };
  return {
    userId: user_id,
    voucher: voucher && {
      ...voucher,
      codes: codes.map(({ number, state, changed_at, sealed_code }) => ({
        number,
        state,
        changedAt: changed_at,
        sealed: sealed_code,
      })),
    },
  };
}

type OrderWithTerms = { user_id: bigint; total_minor: bigint; currency_code: string } & (
  | (TermsRow & { mobile: string })
  | { order_id: null }
);

function termsOf(row: TermsRow & { mobile: string; currency_code: string }): VoucherTerms {
  return {
    serviceTimes: row.service_times,
    unitPrice: { currencyCode: row.currency_code, amountMinor: Number(row.unit_price_minor) },
    validUntil: row.valid_until,
    anytimeRefund: row.anytime_refund,
    expirationRefund: row.expiration_refund,
    mobile: row.mobile,
  };
}

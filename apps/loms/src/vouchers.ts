import { Failure } from "@ordermesh/failure/failure";
import type { Queryable, Tx } from "@ordermesh/postgres/tx";
import { orderNotFound } from "./domain/change-failures.ts";
import { isVisible } from "./domain/decide-change.ts";
import {
  type IssuedVoucher,
  refundableMinor,
  type VoucherCode,
  type VoucherTerms,
} from "./domain/voucher.ts";
import { newVoucherCode } from "./domain/voucher-code.ts";
import {
  findTermsToIssue,
  findVoucherOfOrder,
  insertVoucherCodes,
  moveVoucherCodes,
  type NewVoucherCode,
  type TermsToIssue,
} from "./sql/vouchers.ts";
import type { VoucherKey } from "./voucher-key.ts";

/** What a step of a service order's workflow does to its codes. */
export type VoucherEffect = "issue_codes" | "hold_codes" | "refund_codes" | "expire_codes";

export interface VoucherEffectCall {
  readonly effect: VoucherEffect;
  readonly orderId: bigint;
}

/**
 * Does to codes what the steps of a batch call for. The orders are locked.
 *
 * @returns what is to be told of the orders that got codes.
 */
export async function runVoucherEffects(
  tx: Tx,
  calls: readonly VoucherEffectCall[],
  key: VoucherKey | undefined,
): Promise<Map<bigint, IssuedVoucher>> {
  const ordersOf = (effect: VoucherEffect) => [
    ...new Set(calls.filter((call) => call.effect === effect).map(({ orderId }) => orderId)),
  ];
  // In the order of an order's life, so that several steps of one order in one batch come out right.
  const toIssue = ordersOf("issue_codes");
  const issued = toIssue.length === 0 ? new Map() : await issueCodes(tx, toIssue, key);
  moveVoucherCodes(tx, ordersOf("hold_codes"), ["unused"], "refund_pending");
  moveVoucherCodes(tx, ordersOf("expire_codes"), ["unused", "refund_pending"], "expired");
  moveVoucherCodes(tx, ordersOf("refund_codes"), ["unused", "refund_pending"], "refunded");
  return issued;
}

/** A billion codes are more than an installation ever issues: after so many rounds something else is wrong. */
const roundsMax = 20;

async function issueCodes(
  tx: Tx,
  orderIds: readonly bigint[],
  key: VoucherKey | undefined,
): Promise<Map<bigint, IssuedVoucher>> {
  if (key === undefined) {
    throw vouchersNotConfigured();
  }
  const terms = await findTermsToIssue(tx, orderIds);
  const firstCodes = new Map<bigint, Buffer>();
  let missing = terms.flatMap(placesOf);
  for (let round = 0; missing.length > 0; round += 1) {
    if (round === roundsMax) {
      throw new Error(`After ${roundsMax} rounds ${missing.length} codes still had the digits of others.`);
    }
    const codes = missing.map((place): NewVoucherCode => {
      const code = newVoucherCode();
      return { ...place, hash: key.hash(code), sealed: key.seal(code, place) };
    });
    const written = new Set((await insertVoucherCodes(tx, codes)).map(nameOf));
    for (const code of codes) {
      if (code.number === 1 && written.has(nameOf(code))) {
        firstCodes.set(code.orderId, code.sealed);
      }
    }
    missing = missing.filter((place) => !written.has(nameOf(place)));
  }
  return new Map(
    terms.map(({ orderId, mobile, serviceTimes, validUntil }) => [
      orderId,
      {
        mobile,
        codes: serviceTimes,
        validUntil,
        sealedFirstCode: firstCodes.get(orderId) ?? Buffer.alloc(0),
      },
    ]),
  );
}

interface Place {
  readonly orderId: bigint;
  readonly number: number;
}

function placesOf({ orderId, serviceTimes }: TermsToIssue): Place[] {
  return Array.from({ length: serviceTimes }, (_, index) => ({ orderId, number: index + 1 }));
}

function nameOf({ orderId, number }: Place): string {
  return `${orderId}/${number}`;
}

/** A service order's codes as one caller may see them. */
export interface VoucherView {
  readonly terms: VoucherTerms;
  readonly codes: readonly (VoucherCode & {
    /** Undefined for everybody but the owner. */
    readonly code: string | undefined;
  })[];
  readonly refundableMinor: number;
  readonly isOwner: boolean;
}

/**
 * @param viewer.isOwner whether the one who looks is the buyer: only then the digits are shown.
 * @throws Failure `not_found` that names the order, also if it is somebody else's; `failed_precondition` if it is no
 * service order, or the secret is another one than that which its codes were sealed with.
 */
export async function getVoucher(
  db: Queryable,
  key: VoucherKey | undefined,
  orderId: bigint,
  viewer: {
    readonly limitedToUserId: bigint | undefined;
    readonly isOwner: (userId: bigint) => boolean;
  },
): Promise<VoucherView> {
  const order = await findVoucherOfOrder(db, orderId);
  if (order === undefined || !isVisible(order, viewer.limitedToUserId)) {
    throw orderNotFound(orderId);
  }
  const { voucher } = order;
  if (voucher === undefined) {
    throw notAServiceOrder(orderId);
  }
  const isOwner = viewer.isOwner(order.userId);
  if (isOwner && key === undefined && voucher.codes.length > 0) {
    throw vouchersNotConfigured();
  }
  const codesUsed = voucher.codes.filter(({ state }) => state === "used").length;
  const isLeft = voucher.codes.some(({ state }) => state === "unused");
  const unitPriceMinor = voucher.terms.unitPrice.amountMinor;
  return {
    terms: voucher.terms,
    codes: voucher.codes.map(({ sealed, ...code }) => ({
      ...code,
      code: isOwner ? key?.unseal(sealed, { orderId, number: code.number }) : undefined,
    })),
    refundableMinor: isLeft ? refundableMinor(voucher.totalMinor, { unitPriceMinor, codesUsed }) : 0,
    isOwner,
  };
}

/** Without the secret nothing is sold that could not be shown, sent or validated afterwards. */
export function vouchersNotConfigured(): Failure {
  return new Failure(
    "failed_precondition",
    "This installation sells no vouchers: give it a VOUCHER_KEY (32 bytes in base64).",
    { reason: "VOUCHERS_NOT_CONFIGURED" },
  );
}

function notAServiceOrder(orderId: bigint): Failure {
  const description = "it is no service order";
  return new Failure("failed_precondition", `Order ${orderId} has no voucher: ${description}.`, {
    reason: "NOT_A_SERVICE_ORDER",
    metadata: { order_id: `${orderId}` },
    preconditionViolations: [{ type: "NOT_A_SERVICE_ORDER", subject: `order/${orderId}`, description }],
  });
}

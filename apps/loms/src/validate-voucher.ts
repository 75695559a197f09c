import type { Tx } from "@ordermesh/postgres/tx";
import { type ValidationResult, validate } from "./domain/voucher.ts";
import { parseVoucherCode } from "./domain/voucher-code.ts";
import { guessLimit, tooManyGuesses } from "./domain/voucher-guesses.ts";
import {
  countGuess,
  type FoundCode,
  findCodeByHash,
  findLineOfCode,
  lockCode,
  lockGuesses,
  useCode,
} from "./sql/voucher-validation.ts";
import type { VoucherKey } from "./voucher-key.ts";
import { vouchersNotConfigured } from "./vouchers.ts";

export interface ValidationRequest {
  /** As it was shown. */
  readonly code: string;
  /** What it is to be used for; 0: anything. */
  readonly sku: number;
  /** Empty: none. */
  readonly idempotencyKey: string;
  /** Who validates: "user:3". */
  readonly caller: string;
}

export type Validation =
  | { readonly result: Exclude<ValidationResult, "validated"> }
  | {
      readonly result: "validated";
      readonly orderId: bigint;
      readonly number: number;
      readonly line: Awaited<ReturnType<typeof findLineOfCode>>;
      /** That are left. */
      readonly unused: number;
      /** True if it was this caller's call with this key that used it before. */
      readonly replayed: boolean;
    };

export interface ValidationOptions {
  readonly key: VoucherKey | undefined;
  /** Lets an order that this transaction has locked go on by itself, after its last code was used. */
  readonly settle: (tx: Tx, orderId: bigint) => Promise<unknown>;
}

/**
 * Uses a code, if it is good. The order is locked first, as by everything that changes it, so that a code is used once,
 * and never while its money is being given back.
 *
 * A code that can not be one (a wrong check digit) is no guess: none is found that way. One that could be, and is none,
 * counts against the caller.
 *
 * @throws Failure `resource_exhausted` after too many guesses, whatever is shown then.
 */
export async function validateVoucherCode(
  tx: Tx,
  { key, settle }: ValidationOptions,
  request: ValidationRequest,
): Promise<Validation> {
  const { caller, sku } = request;
  const code = parseVoucherCode(request.code);
  if (code === undefined) {
    return { result: "invalid_code" };
  }
  if (key === undefined) {
    throw vouchersNotConfigured();
  }
  const waitMs = await lockGuesses(tx, caller, guessLimit);
  if (waitMs > 0) {
    throw tooManyGuesses(waitMs);
  }
  const found = await findCodeByHash(tx, key.hash(code));
  if (found === undefined || (sku !== 0 && sku !== found.sku)) {
    countGuess(tx, caller, guessLimit);
    return { result: "invalid_code" };
  }
  return await useIfGood(tx, found, request, settle);
}

async function useIfGood(
  tx: Tx,
  found: FoundCode,
  { caller, idempotencyKey }: ValidationRequest,
  settle: ValidationOptions["settle"],
): Promise<Validation> {
  const { orderId, number } = found;
  const locked = await lockCode(tx, found);
  const { unused } = locked;
  if (idempotencyKey !== "" && locked.usedBy === caller && locked.usedKey === idempotencyKey) {
    const line = await findLineOfCode(tx, orderId);
    return { result: "validated", orderId, number, line, unused, replayed: true };
  }
  const result = validate({ ...locked, orderIsPaid: locked.orderStatus === "paid" });
  if (result !== "validated") {
    return { result };
  }
  await useCode(tx, found, caller, idempotencyKey);
  if (unused === 1) {
    await settle(tx, orderId);
  }
  const line = await findLineOfCode(tx, orderId);
  return { result, orderId, number, line, unused: unused - 1, replayed: false };
}

import { deriveKey } from "@ordermesh/sealing/sealer";
import { createVoucherCodeSealer, type VoucherCodeSealer } from "@ordermesh/sealing/voucher-code-sealer";
import { hashVoucherCode } from "./domain/voucher-code.ts";

/**
 * What is done with the secret that keeps voucher codes. Codes are random, found by a keyed hash, and encrypted for their
 * owner's eyes. Deriving them from the secret would do without the encrypted copy; but the text message needs the first
 * one outside of this service, so that encryption is needed in any case, and this way it is all that is needed.
 */
export interface VoucherKey extends VoucherCodeSealer {
  /** What a code is found by. */
  hash(code: string): Buffer;
}

/** @param secret of 32 bytes. */
export function createVoucherKey(secret: Uint8Array): VoucherKey {
  const hashKey = deriveKey(secret, "voucher code hash");
  return { ...createVoucherCodeSealer(secret), hash: (code) => hashVoucherCode(code, hashKey) };
}

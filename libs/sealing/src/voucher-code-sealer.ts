import { createSealer } from "./sealer.ts";

/** Which code of which order. */
export interface CodePlace {
  readonly orderId: bigint;
  /** 1, 2, 3 … */
  readonly number: number;
}

/** What the order service seals, and the notification service reads to send it in a text message. */
export interface VoucherCodeSealer {
  seal(code: string, place: CodePlace): Buffer;
  /** @throws Failure `failed_precondition` if it was sealed with another secret, or is another place's. */
  unseal(sealed: Uint8Array, place: CodePlace): string;
}

/** @param secret of 32 bytes, the same in both services. */
export function createVoucherCodeSealer(secret: Uint8Array): VoucherCodeSealer {
  const sealer = createSealer(secret, "voucher code");
  const nameOf = ({ orderId, number }: CodePlace) => `order/${orderId}/code/${number}`;
  return {
    seal: (code, place) => sealer.seal(code, nameOf(place)),
    unseal: (sealed, place) => sealer.unseal(sealed, nameOf(place)),
  };
}

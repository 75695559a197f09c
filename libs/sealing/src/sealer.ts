import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";

const algorithm = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts and decrypts with one key, for one purpose. */
export interface Sealer {
  /**
   * Encrypts a text: nonce, tag, ciphertext. The same text is something else each time.
   *
   * @param place where it belongs, such as "order/17/code/1". Moved to another place it can not be read.
   */
  seal(text: string, place: string): Buffer;
  /** @throws Failure `failed_precondition` if it was sealed with another key, or for another place, or changed. */
  unseal(sealed: Uint8Array, place: string): string;
}

/**
 * Makes a sealer.
 *
 * @param secret of 32 bytes. Programs that share it can read what each other has sealed for the same purpose.
 * @param purpose keeps what is sealed for one thing from being read as another.
 */
export function createSealer(secret: Uint8Array, purpose: string): Sealer {
  const key = deriveKey(secret, `seal ${purpose}`);
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    unseal(sealed, place) {
      const nonce = sealed.subarray(0, nonceBytes);
      const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes);
      try {
        const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
          .setAAD(Buffer.from(place))
          .setAuthTag(tag);
        const text = decipher.update(sealed.subarray(nonceBytes + tagBytes));
        return Buffer.concat([text, decipher.final()]).toString("utf8");
      } catch (error) {
        throw new Failure(
          "failed_precondition",
          `What is sealed for ${place} can not be read: it was sealed with another key.`,
          { reason: "WRONG_SEALING_KEY", cause: error },
        );
      }
    },
  };
}

/**
 * A key of its own for one purpose.
 *
 * @param secret of 32 bytes.
 * @returns 32 bytes that tell nothing about the secret, nor about the keys for other purposes.
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  if (secret.length !== keyBytes) {
    throw new Error(`A secret has ${keyBytes} bytes, not ${secret.length}.`);
  }
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), `ordermesh ${purpose}`, keyBytes));
}

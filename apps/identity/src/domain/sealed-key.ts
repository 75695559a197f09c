import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a private key for the database: nonce, tag, ciphertext. Who has a copy of the database alone can sign nothing.
 *
 * @param keyId bound to it, so that the keys in the table can not be exchanged.
 * @param encryptionKey of 32 bytes.
 */
export function sealKey(privateKey: string, keyId: string, encryptionKey: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, encryptionKey, nonce).setAAD(Buffer.from(keyId));
  const sealed = Buffer.concat([cipher.update(privateKey, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** @throws Failure if it was encrypted with another key, or changed. */
export function unsealKey(sealed: Uint8Array, keyId: string, encryptionKey: Uint8Array): string {
  const nonce = sealed.subarray(0, nonceBytes);
  const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv(algorithm, encryptionKey, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(keyId))
      .setAuthTag(tag);
    return `${decipher.update(sealed.subarray(nonceBytes + tagBytes), undefined, "utf8")}${decipher.final("utf8")}`;
  } catch (error) {
    throw new Failure(
      "failed_precondition",
      `The signing key ${keyId} can not be decrypted: it was made with another IDENTITY_KEY_ENCRYPTION_KEY. Give that one, or delete the key from signing_keys.`,
      { reason: "WRONG_ENCRYPTION_KEY", cause: error },
    );
  }
}

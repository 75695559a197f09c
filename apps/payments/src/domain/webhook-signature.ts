import { createHmac, timingSafeEqual } from "node:crypto";

/** How old, or how far ahead of our clock, a signed message may be. */
export const signatureAgeMaxSeconds = 300;

/**
 * The signature of a webhook: `t=<time>,v1=<hex HMAC-SHA256 of "<time>.<payload>">`.
 *
 * @param timeSeconds since 1970.
 */
export function signPayload(secret: string, timeSeconds: number, payload: Uint8Array): string {
  return `t=${timeSeconds},v1=${digestOf(secret, timeSeconds, payload).toString("hex")}`;
}

/**
 * Whether the payload was signed with the secret within the last five minutes. Several `v1` may be given, as a
 * provider does that changes its secret; one that fits is enough. Takes the same time for every signature of a form.
 */
export function isSigned(
  secret: string,
  payload: Uint8Array,
  signature: string,
  nowSeconds: number,
): boolean {
  const parts = signature.split(",", 8).map((part) => part.trim().split("=", 2) as [string, string?]);
  const time = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d{1,12}$/.test(time) || Math.abs(nowSeconds - Number(time)) > signatureAgeMaxSeconds) {
    return false;
  }
  const expected = digestOf(secret, Number(time), payload);
  const given = parts.filter(([name, value]) => name === "v1" && /^[0-9a-f]{64}$/.test(value ?? ""));
  return given.map(([, value = ""]) => timingSafeEqual(Buffer.from(value, "hex"), expected)).includes(true);
}

function digestOf(secret: string, timeSeconds: number, payload: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`${timeSeconds}.`).update(payload).digest();
}

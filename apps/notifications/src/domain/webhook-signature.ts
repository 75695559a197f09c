import { createHmac } from "node:crypto";

/**
 * The value of the header `ordermesh-signature`. A receiver recomputes v1, compares it in constant time, and refuses
 * a time that is more than a few minutes off, so that nobody can send an old message again.
 *
 * @param timeSeconds since 1970.
 */
export function webhookSignature(secret: string, timeSeconds: number, body: string): string {
  const signature = createHmac("sha256", secret).update(`${timeSeconds}.${body}`).digest("hex");
  return `t=${timeSeconds},v1=${signature}`;
}

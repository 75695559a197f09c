import { signPayload } from "../src/domain/webhook-signature.ts";
import { webhookSecret } from "./payments-harness.ts";

export interface WebhookOptions {
  readonly secret?: string;
  /** Of the signature, against our clock. */
  readonly ageSeconds?: number;
  /** What is sent instead of what was signed. */
  readonly sentBody?: string;
}

/** Posts an event as the provider would. @returns status and text of the answer. */
export async function postEvent(
  address: string,
  event: object | string,
  { secret = webhookSecret, ageSeconds = 0, sentBody }: WebhookOptions = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const body = typeof event === "string" ? event : JSON.stringify(event);
  const timeSeconds = Math.floor(Date.now() / 1000) - ageSeconds;
  const response = await fetch(`http://${address}/webhooks/sandbox`, {
    method: "POST",
    headers: { "ordermesh-sandbox-signature": signPayload(secret, timeSeconds, Buffer.from(body)) },
    body: sentBody ?? body,
  });
  return { status: response.status, text: (await response.text()).trim() };
}

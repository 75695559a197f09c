import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { webhookSignature } from "../domain/webhook-signature.ts";
import { checkWebhookUrl, type WebhookRules } from "../domain/webhook-url.ts";
import type { ClaimedDelivery } from "../sql/deliveries.ts";
import { type Deliver, type DeliveryResult, delivered, failed } from "./delivery-result.ts";
import { checkLiteralAddress, ForbiddenAddressError, publicLookup } from "./guarded-lookup.ts";

/** Of a reply; the rest is not waited for. Nothing of it is kept. */
const replyBytesMax = 64 * 1024;

/**
 * Sends notifications to the address that a user chose, as JSON with a signature. Only 2xx counts as delivered;
 * redirects are not followed, because they may lead anywhere.
 *
 * @param options.bodyOf what is sent.
 */
export function createWebhookChannel(options: {
  readonly rules: WebhookRules;
  readonly timeoutMs: number;
  readonly bodyOf: (delivery: ClaimedDelivery) => string;
}): Deliver {
  return async (delivery) => {
    if (delivery.webhookUrl === "") {
      return failed("The webhook was removed from the preferences.", { final: true });
    }
    const checked = checkWebhookUrl(delivery.webhookUrl, options.rules);
    if ("problem" in checked) {
      return failed(`The webhook's address ${checked.problem}.`, { final: true });
    }
    const body = options.bodyOf(delivery);
    const signature = webhookSignature(delivery.webhookSecret, Math.floor(Date.now() / 1000), body);
    try {
      const status = await post(checked.url, {
        body,
        allowPrivate: options.rules.allowPrivate,
        timeoutMs: options.timeoutMs,
        headers: {
          "content-type": "application/json",
          "user-agent": "ordermesh-notifications",
          "ordermesh-signature": signature,
          "ordermesh-event-id": delivery.notification.eventId,
          "ordermesh-delivery-id": `${delivery.id}`,
        },
      });
      return resultOf(status);
    } catch (error) {
      const refused = error instanceof ForbiddenAddressError;
      return failed(problemOf(error, options.timeoutMs), { final: refused });
    }
  };
}

function resultOf(status: number): DeliveryResult {
  if (status >= 200 && status < 300) {
    return delivered;
  }
  return failed(
    status >= 300 && status < 400
      ? `The receiver answered ${status}; redirects are not followed.`
      : `The receiver answered ${status}.`,
  );
}

/**
 * @returns the status of the reply.
 * @throws Error when there was none in time, or the address was refused.
 */
async function post(
  url: URL,
  options: {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly allowPrivate: boolean;
    readonly timeoutMs: number;
  },
): Promise<number> {
  if (!options.allowPrivate) {
    checkLiteralAddress(url.hostname);
  }
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(options.timeoutMs);
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = request(url, {
      method: "POST",
      headers: { ...options.headers, "content-length": `${Buffer.byteLength(options.body)}` },
      // A connection of its own: none is left open to a host that a user chose.
      agent: false,
      lookup: options.allowPrivate ? undefined : publicLookup,
      maxHeaderSize: 16 * 1024,
      signal,
    });
    sending.on("response", resolve);
    sending.on("error", reject);
    sending.end(options.body);
  });
  await discard(reply);
  return reply.statusCode ?? 0;
}

/** Lets a receiver finish its reply, within bounds. The status has been received, whatever becomes of the rest. */
async function discard(reply: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of reply) {
      bytes += (chunk as Buffer).length;
      if (bytes > replyBytesMax) {
        break;
      }
    }
  } catch {
    // The time is over, or the connection is.
  }
  reply.destroy();
}

/** Only what we know ourselves, and codes: nothing that a receiver said, which could be anything. */
function problemOf(error: unknown, timeoutMs: number): string {
  if (error instanceof ForbiddenAddressError) {
    return error.message;
  }
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (name === "AbortError" || name === "TimeoutError") {
    return `The receiver did not answer within ${timeoutMs} ms.`;
  }
  return `The receiver could not be reached (${typeof code === "string" ? code : "no answer"}).`;
}

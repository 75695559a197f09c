import type { Database } from "@ordermesh/postgres/database";
import type { StopList } from "@ordermesh/process/stop-in-order";
import type { VoucherCodeSealer } from "@ordermesh/sealing/voucher-code-sealer";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Deliver } from "./channels/delivery-result.ts";
import { createEmailChannel } from "./channels/email.ts";
import { createLogChannel } from "./channels/log.ts";
import { createSmsChannel } from "./channels/sms.ts";
import type { SendTextMessage } from "./channels/text-message-provider.ts";
import { createWebhookChannel } from "./channels/webhook.ts";
import { type DeliveryLoop, type DeliveryLoopOptions, startDeliveryLoop } from "./delivery-loop.ts";
import type { Channel } from "./domain/notification.ts";
import type { WebhookRules } from "./domain/webhook-url.ts";
import { notificationJson } from "./rpc/messages.ts";

export interface DeliveryChannelsOptions {
  readonly database: Database;
  readonly tracing: Tracing;
  readonly logger: Logger;
  readonly smtp: { readonly url: string; readonly from: string } | undefined;
  readonly webhookRules: WebhookRules;
  readonly webhookTimeoutMs: number;
  /** Whoever sends text messages. */
  readonly sendTextMessage: SendTextMessage;
  /** Reads the codes that text messages tell. Undefined: this installation has no key for them. */
  readonly sealer: VoucherCodeSealer | undefined;
  readonly backoffBaseMs: number;
  readonly onSettled: DeliveryLoopOptions["onSettled"];
}

/** The ways out of the house that this installation has. */
export interface DeliveryChannels {
  readonly channels: readonly Channel[];
  /** Starts one loop per channel, so that a slow one does not hold up the others. */
  startLoops(parts: StopList): void;
  /** Tells that deliveries have been queued. */
  wake(channels: readonly Channel[]): void;
}

/** How long one try to hand a message to the mail server may take. */
const emailTimeoutMs = 10_000;

const emailConnectionsMax = 4;

/** How long a provider may take to accept a text message. */
const smsTimeoutMs = 10_000;

/** @throws Failure `invalid_argument` when the mail server's address is none. */
export function openDeliveryChannels(options: DeliveryChannelsOptions): DeliveryChannels {
  const { logger, smtp, webhookRules, webhookTimeoutMs } = options;
  const email =
    smtp === undefined
      ? undefined
      : createEmailChannel({
          smtpUrl: smtp.url,
          from: smtp.from,
          connectionsMax: emailConnectionsMax,
          timeoutMs: emailTimeoutMs,
        });
  const webhook = createWebhookChannel({
    rules: webhookRules,
    timeoutMs: webhookTimeoutMs,
    bodyOf: ({ notification }) => notificationJson(notification),
  });
  const sms = createSmsChannel({
    sendTextMessage: options.sendTextMessage,
    sealer: options.sealer,
    timeoutMs: smsTimeoutMs,
    logger,
  });
  const loops = new Map<Channel, DeliveryLoop>();

  function startLoop(
    parts: StopList,
    channel: Channel,
    deliver: Deliver,
    limits: Pick<DeliveryLoopOptions, "inHandMax" | "perUserMax" | "traced">,
  ): void {
    const loop = startDeliveryLoop({ ...options, ...limits, channel, deliver });
    parts.add(`${channel} deliveries`, loop.stop);
    loops.set(channel, loop);
  }

  return {
    channels: ["log", "webhook", "sms", ...(email === undefined ? [] : (["email"] as const))],
    startLoops(parts) {
      startLoop(parts, "log", createLogChannel(logger), { inHandMax: 500, perUserMax: 500, traced: false });
      startLoop(parts, "webhook", webhook, { inHandMax: 32, perUserMax: 4, traced: true });
      startLoop(parts, "sms", sms, { inHandMax: 16, perUserMax: 4, traced: true });
      if (email !== undefined) {
        parts.add("mail server connections", email.close);
        startLoop(parts, "email", email.deliver, {
          inHandMax: emailConnectionsMax,
          perUserMax: emailConnectionsMax,
          traced: true,
        });
      }
    },
    wake(channels) {
      for (const channel of channels) {
        loops.get(channel)?.wake();
      }
    },
  };
}

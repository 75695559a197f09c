import { Failure } from "@ordermesh/failure/failure";
import { createTransport } from "nodemailer";
import type { ClaimedDelivery } from "../sql/deliveries.ts";
import { type Deliver, type DeliveryResult, delivered, failed } from "./delivery-result.ts";

export interface EmailOptions {
  /** smtp:// or smtps://, with user name and password where the server wants them. */
  readonly smtpUrl: string;
  /** The sender, such as "Ordermesh <orders@example.com>". */
  readonly from: string;
  readonly connectionsMax: number;
  readonly timeoutMs: number;
}

export interface EmailChannel {
  readonly deliver: Deliver;
  close(): void;
}

/**
 * Sends notifications as plain text.
 *
 * @throws Failure `invalid_argument` when the address of the mail server is none.
 */
export function createEmailChannel({ smtpUrl, from, connectionsMax, timeoutMs }: EmailOptions): EmailChannel {
  if (!/^smtps?:\/\/[^/]/.test(smtpUrl) || !URL.canParse(smtpUrl)) {
    // The value is not shown: it may hold a password.
    throw new Failure(
      "invalid_argument",
      "SMTP_URL must be like smtp://user:password@mail.example.com:587.",
      {
        reason: "INVALID_CONFIGURATION",
      },
    );
  }
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: connectionsMax,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // No part of a message is ever read from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  async function deliver(delivery: ClaimedDelivery): Promise<DeliveryResult> {
    const { notification, emailAddress } = delivery;
    if (emailAddress === "") {
      return failed("The address was removed from the preferences.", { final: true });
    }
    try {
      await transport.sendMail({
        from,
        // As an object: text would be parsed, and might be found to be several addresses.
        to: { name: "", address: emailAddress },
        subject: notification.title,
        text: notification.body,
        // The same in each try, so that a mailbox can tell a repeated message.
        messageId: messageId(delivery, from),
        headers: {
          "Ordermesh-Event-Id": notification.eventId,
          "Ordermesh-Delivery-Id": `${delivery.id}`,
          // Keeps vacation replies from coming back.
          "Auto-Submitted": "auto-generated",
        },
        signal: AbortSignal.timeout(timeoutMs),
      });
      return delivered;
    } catch (error) {
      return failureOf(error);
    }
  }

  return { deliver, close: () => transport.close() };
}

function messageId({ id, notification }: ClaimedDelivery, from: string): string {
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? "ordermesh.invalid";
  return `<delivery-${id}.${notification.createdAt.getTime()}@${domain}>`;
}

/** Only codes are passed on: what a server answers may hold what we sent it. */
function failureOf(error: unknown): DeliveryResult {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode === "number") {
    // 5xx is the answer to this message; an answer to our login is about us, and may change.
    const final = responseCode >= 500 && code === "EENVELOPE";
    return failed(`The mail server answered ${responseCode}.`, { final });
  }
  return failed(`The mail server could not be reached (${typeof code === "string" ? code : "no answer"}).`);
}

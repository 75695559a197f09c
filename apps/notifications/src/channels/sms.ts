import { Failure } from "@ordermesh/failure/failure";
import { withTimeout } from "@ordermesh/process/wait";
import type { VoucherCodeSealer } from "@ordermesh/sealing/voucher-code-sealer";
import type { Logger } from "@ordermesh/telemetry/logger";
import { voucherText } from "../domain/text-message.ts";
import type { ClaimedDelivery } from "../sql/deliveries.ts";
import { type Deliver, type DeliveryResult, delivered, failed } from "./delivery-result.ts";
import type { SendTextMessage } from "./text-message-provider.ts";

/** What stands for a code wherever it must not be shown. */
const maskedCode = "**********";

/** The code that a text message tells is the first one. */
const firstCode = 1;

/**
 * Sends text messages. A code is in clear here and nowhere else, for as long as the provider is asked.
 *
 * @param options.sealer undefined: this installation has no key to read codes with.
 */
export function createSmsChannel(options: {
  readonly sendTextMessage: SendTextMessage;
  readonly sealer: VoucherCodeSealer | undefined;
  readonly timeoutMs: number;
  readonly logger: Logger;
}): Deliver {
  const { sendTextMessage, sealer, timeoutMs, logger } = options;

  function unseal({ notification, textMessage }: ClaimedDelivery): string | undefined {
    const { orderId } = notification;
    try {
      return textMessage && sealer?.unseal(textMessage.sealedCode, { orderId, number: firstCode });
    } catch (error) {
      logger.error({ err: error, order_id: `${orderId}` }, "a code can not be read: is VOUCHER_KEY loms's?");
      return undefined;
    }
  }

  return async (delivery) => {
    const { textMessage, smsDisabled, id } = delivery;
    if (smsDisabled || textMessage === undefined) {
      return failed("Text messages were turned off in the preferences.", { final: true });
    }
    const code = unseal(delivery);
    if (code === undefined) {
      return failed("This installation can not read the code.", { final: true });
    }
    const message = {
      to: textMessage.mobile,
      text: voucherText(textMessage, code),
      maskedText: voucherText(textMessage, maskedCode),
      reference: `delivery-${id}`,
    };
    try {
      const sending = sendTextMessage(message, AbortSignal.timeout(timeoutMs));
      await withTimeout(sending, timeoutMs, () => new Error("no answer"));
      return delivered;
    } catch (error) {
      return resultOf(error);
    }
  };
}

/** What a provider says is not passed on: it may hold the message. */
function resultOf(error: unknown): DeliveryResult {
  return error instanceof Failure && error.kind === "invalid_argument"
    ? failed("The number can not be reached by text message.", { final: true })
    : failed("The text message could not be handed over.");
}

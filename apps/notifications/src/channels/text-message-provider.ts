import type { Logger } from "@ordermesh/telemetry/logger";
import { maskedNumber } from "../domain/text-message.ts";

/** A text message for whoever sends it. */
export interface TextMessage {
  /** "+4915112345678". */
  readonly to: string;
  readonly text: string;
  /** The text without what only its reader may know. */
  readonly maskedText: string;
  /** The same in each try, so that a provider can tell a repeated message. */
  readonly reference: string;
}

/**
 * Hands a text message over: a provider is one function.
 *
 * @param signal aborted when the answer is not waited for any more.
 * @throws Failure `invalid_argument` if the number is refused for good; anything else if it may work later. Nothing of it
 * is shown to anybody.
 */
export type SendTextMessage = (message: TextMessage, signal: AbortSignal) => Promise<void>;

/**
 * Stands for a provider where there is none: one line per message, for an operator to follow what would be sent. Number
 * and code are masked: logs are read by many, and kept for long.
 */
export function logTextMessages(logger: Logger): SendTextMessage {
  return async ({ to, maskedText, reference }) => {
    logger.info({ to: maskedNumber(to), text: maskedText, reference }, "text message, not sent: no provider");
  };
}

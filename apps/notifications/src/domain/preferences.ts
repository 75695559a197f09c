import { Failure, type FieldViolation } from "@ordermesh/failure/failure";
import { checkWebhookUrl, type WebhookRules } from "./webhook-url.ts";

/** Where a user's notifications go, besides the list and the stream. Empty text: nowhere. */
export interface Preferences {
  readonly userId: bigint;
  readonly emailAddress: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  /** Whether text messages are unwanted, which otherwise go to the number that came with an order. */
  readonly smsDisabled: boolean;
}

/** Below this a signature could be guessed. */
const secretLengthMin = 16;

/** One mailbox in its plain form: no display name, quotes, comments or lists, and nothing that ends a header. */
const mailbox =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$/;

/**
 * Checks preferences that a user wants to have.
 *
 * @param former what is stored. The secret is never shown, so a request without one keeps the former.
 * @throws Failure `invalid_argument` that names the fields.
 */
export function checkPreferences(
  wanted: Preferences,
  former: Preferences | undefined,
  rules: WebhookRules,
): Preferences {
  const violations: FieldViolation[] = [];
  const refuse = (field: string, description: string) => {
    violations.push({ field: `preferences.${field}`, description });
  };

  if (
    wanted.emailAddress !== "" &&
    !(wanted.emailAddress.length <= 254 && mailbox.test(wanted.emailAddress))
  ) {
    refuse("email_address", "must be a plain address such as buyer@example.com");
  }
  let { webhookUrl, webhookSecret } = wanted;
  if (webhookUrl === "") {
    webhookSecret = "";
  } else {
    const checked = checkWebhookUrl(webhookUrl, rules);
    if ("problem" in checked) {
      refuse("webhook_url", checked.problem);
    } else {
      webhookUrl = checked.url.href;
    }
    webhookSecret ||= former?.webhookSecret ?? "";
    if (webhookSecret.length < secretLengthMin) {
      refuse(
        "webhook_secret",
        `must have at least ${secretLengthMin} characters: it signs what is sent to webhook_url`,
      );
    }
  }

  if (violations.length > 0) {
    const listed = violations.map(({ field, description }) => `${field} ${description}`).join("; ");
    throw new Failure("invalid_argument", `The preferences can not be used: ${listed}.`, {
      reason: "INVALID_PREFERENCES",
      fieldViolations: violations,
    });
  }
  const { userId, emailAddress, smsDisabled } = wanted;
  return { userId, emailAddress, webhookUrl, webhookSecret, smsDisabled };
}

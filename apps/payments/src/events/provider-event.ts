import { Failure } from "@ordermesh/failure/failure";

/** What a provider tells over its webhook. Keys are ours: it was asked with them. */
export type ProviderEvent = { readonly id: string } & (
  | { readonly type: "capture.succeeded"; readonly key: string }
  | { readonly type: "capture.declined"; readonly key: string; readonly code: string }
  | {
      readonly type: "refund.succeeded";
      /** Empty, or unknown to us, for a refund that was not asked for here. */
      readonly key: string;
      readonly captureKey: string;
      readonly amountMinor: bigint;
    }
  | { readonly type: "other" }
);

/** @throws Failure `invalid_argument` for what is no event. Types that are not known are, and become "other". */
export function providerEventOf(payload: Uint8Array): ProviderEvent {
  const fields = fieldsOf(payload);
  const id = text(fields, "id");
  if (!/^[\x21-\x7e]{1,200}$/.test(id)) {
    throw malformed("It has no id.");
  }
  const type = text(fields, "type");
  const key = text(fields, "key");
  switch (type) {
    case "capture.succeeded":
      return { id, type, key };
    case "capture.declined":
      return { id, type, key, code: codeOf(text(fields, "code")) };
    case "refund.succeeded": {
      const amount = text(fields, "amount_minor");
      if (!/^[1-9]\d{0,15}$/.test(amount)) {
        throw malformed("Its amount_minor is no positive number.");
      }
      return { id, type, key, captureKey: text(fields, "capture_key"), amountMinor: BigInt(amount) };
    }
    default:
      return { id, type: "other" };
  }
}

function fieldsOf(payload: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return new Map(Object.entries(parsed));
    }
  } catch {
    // Said below.
  }
  throw malformed("It is no JSON object.");
}

function text(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name) ?? "";
  if (typeof value !== "string" || value.length > 500) {
    throw malformed(`Its ${name} is no text of up to 500 characters.`);
  }
  return value;
}

/** Codes are shown to buyers and written into events: words, and nothing else. */
function codeOf(code: string): string {
  return /^[a-z0-9_]{1,64}$/.test(code) ? code : "declined";
}

function malformed(problem: string): Failure {
  return new Failure("invalid_argument", `This is no event of the provider. ${problem}`, {
    reason: "MALFORMED_PROVIDER_EVENT",
  });
}

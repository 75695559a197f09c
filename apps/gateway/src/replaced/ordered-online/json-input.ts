import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { malformedJson } from "./reasons.ts";

/**
 * The object in a body. That system did not look at the content type, and its clients send none.
 *
 * @throws Refusal `malformed_json`.
 */
export function objectInBody(body: Buffer): JsonObject {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw malformedJson(error);
  }
  return objectOf(parsed);
}

/** @throws Refusal `malformed_json` for anything that is no object. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformedJson();
  }
  return value;
}

/** Absent and null are the empty text. @throws Refusal `malformed_json` for what is no text. */
export function textOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) {
    return "";
  }
  if (typeof value !== "string") {
    throw malformedJson();
  }
  return value;
}

/** A number from 1 on that JSON has not rounded, also as a text; undefined for anything else. */
export function idOf(value: JsonValue | undefined): bigint | undefined {
  const text = typeof value === "number" || typeof value === "string" ? `${value}` : "";
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text)) ? BigInt(text) : undefined;
}

/**
 * The names of categories, tags or additives: `[{"name": "Cafe"}]`. Undefined if there are none, which left them as they
 * were.
 *
 * @throws Refusal `malformed_json` for anything else.
 */
export function namesOf(value: JsonValue | undefined): string[] | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!Array.isArray(value)) {
    throw malformedJson();
  }
  const names = value.map((entry) => textOf(typeof entry === "string" ? entry : objectOf(entry).name));
  return names.length === 0 ? undefined : [...new Set(names)];
}

/** @throws Refusal `malformed_json` if there is anything else than these, which that system did not survive. */
export function refuseOthers(object: JsonObject, known: readonly string[]): void {
  if (Object.keys(object).some((name) => !known.includes(name))) {
    throw malformedJson();
  }
}

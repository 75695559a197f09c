import { createHash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";

/**
 * Makes the opaque token of a next page.
 *
 * @param position where the page ended, as the service needs it to go on.
 * @param query everything of the request that must stay the same from page to page.
 */
export function encodePageToken(position: readonly string[], query: unknown): string {
  return Buffer.from(JSON.stringify([fingerprint(query), ...position])).toString("base64url");
}

/**
 * Reads a token; an empty one is the first page.
 *
 * @param length how many parts the position has.
 * @throws Failure `invalid_argument` when it is malformed or was given for another query.
 */
export function decodePageToken(
  token: string,
  query: unknown,
  length: number,
): readonly string[] | undefined {
  if (token === "") {
    return undefined;
  }
  const [madeFor, ...position] = partsOf(token);
  if (position.length !== length) {
    throw malformed("is malformed");
  }
  if (madeFor !== fingerprint(query)) {
    throw malformed("belongs to a request with other fields");
  }
  return position;
}

function partsOf(token: string): string[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    throw malformed("is malformed");
  }
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === "string")) {
    throw malformed("is malformed");
  }
  return parts;
}

/** @throws Failure `invalid_argument` for a position that a token's text can not stand for, such as a bad number. */
export function malformed(description: string): Failure {
  return new Failure(
    "invalid_argument",
    `page_token: ${description}. Pass the token of the page before, or none.`,
    {
      reason: "MALFORMED_PAGE_TOKEN",
      fieldViolations: [{ field: "page_token", description }],
    },
  );
}

function fingerprint(query: unknown): string {
  const text = JSON.stringify(query, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  return createHash("sha256").update(text).digest("base64url").slice(0, 12);
}

/** What a topic's name asks for. */
export type Topic =
  | { readonly kind: "order"; readonly orderId: bigint }
  | { readonly kind: "orders"; readonly ownOnly: boolean }
  | { readonly kind: "notifications" }
  | { readonly kind: "session"; readonly sessionId: bigint; readonly code: string }
  | { readonly kind: "location"; readonly locationId: bigint };

const idMax = 2n ** 63n - 1n;

/** @returns undefined for a name that is none. */
export function parseTopicName(name: string): Topic | undefined {
  const [kind = "", detail, ...rest] = name.split("/");
  if (rest.length > 0) {
    return undefined;
  }
  if (detail === undefined) {
    return kind === "orders" ? { kind, ownOnly: false } : kind === "notifications" ? { kind } : undefined;
  }
  const id = parseId(detail);
  switch (kind) {
    case "orders":
      return detail === "mine" ? { kind, ownOnly: true } : undefined;
    case "order":
      return id === undefined ? undefined : { kind, orderId: id };
    case "location":
      return id === undefined ? undefined : { kind, locationId: id };
    case "session":
      // Every code has a letter.
      return id !== undefined
        ? { kind, sessionId: id, code: "" }
        : /^(?=.*[A-Za-z])[A-Za-z0-9]{4,20}$/.test(detail)
          ? { kind, sessionId: 0n, code: detail }
          : undefined;
    default:
      return undefined;
  }
}

function parseId(text: string): bigint | undefined {
  const id = /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : 0n;
  return id > 0n && id <= idMax ? id : undefined;
}

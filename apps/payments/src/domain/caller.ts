import { createHash } from "node:crypto";

/** Whoever asks for something. */
export interface Caller {
  /** Unique among all callers: "user:17", "service:checkout". Idempotency keys are kept apart by it. */
  readonly name: string;
  /** The only user whose payments this caller may see and make; undefined: no such limit. */
  readonly limitedToUserId: bigint | undefined;
}

export function mayTouch({ limitedToUserId }: Caller, { userId }: { readonly userId: bigint }): boolean {
  return limitedToUserId === undefined || limitedToUserId === userId;
}

/** What is kept of a request, to tell a repetition from another request with the same key. */
export function hashRequest(parts: readonly unknown[]): Buffer {
  const text = JSON.stringify(parts, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  return createHash("sha256").update(text).digest();
}

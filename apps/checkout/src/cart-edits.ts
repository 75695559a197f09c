import type { Failure } from "@ordermesh/failure/failure";
import type { Tx } from "@ordermesh/postgres/tx";
import { cartLinesMax, lineQuantityMax } from "./domain/cart.ts";
import { cartFull, insufficientStock, lineFull } from "./domain/failures.ts";
import {
  countLines,
  findLines,
  insertCarts,
  type LockedCart,
  lockCarts,
  subtractLines,
  type UserLine,
  updateVersions,
  upsertLines,
} from "./sql/carts.ts";

/** What is to become of one SKU in one user's cart. */
export type CartEdit = UserLine &
  (
    | { readonly kind: "set" | "delete" }
    /** @param available units at LOMS: the sum may not be above. */
    | { readonly kind: "increase"; readonly available: number }
  );

export type EditOutcome =
  | {
      readonly kind: "done";
      /** The cart's version, which does not move if the cart was like this already. */
      readonly version: bigint;
      /** Units of the SKU that are in the cart now. */
      readonly quantity: number;
    }
  | { readonly kind: "refused"; readonly failure: Failure };

/** A cart in hand: what the edits of a batch have made of it so far. */
interface CartInHand {
  version: bigint;
  lineCount: number;
  readonly quantities: Map<number, number>;
}

/**
 * Applies a batch of edits in one transaction, in the order of arrival; one that is refused leaves the others alone.
 *
 * Two round trips: lock the carts and read the lines that are meant; then write and commit.
 */
export async function editCarts(tx: Tx, edits: readonly CartEdit[]): Promise<EditOutcome[]> {
  const userIds = [...new Set(edits.map((edit) => edit.userId))];
  insertCarts(tx, [...new Set(edits.filter(({ kind }) => kind !== "delete").map(({ userId }) => userId))]);
  const [locked, lines, lineCounts] = await Promise.all([
    lockCarts(tx, userIds),
    findLines(tx, distinctLines(edits)),
    countLines(tx, userIds),
  ]);
  const carts = cartsInHand(locked, lines, lineCounts);
  const outcomes = edits.map((edit) => applyEdit(edit, carts.get(edit.userId)));
  write(tx, locked, lines, carts);
  return outcomes;
}

function distinctLines(edits: readonly CartEdit[]): CartEdit[] {
  return [...new Map(edits.map((edit) => [`${edit.userId}/${edit.sku}`, edit])).values()];
}

function cartsInHand(
  locked: readonly LockedCart[],
  lines: readonly UserLine[],
  lineCounts: ReadonlyMap<bigint, number>,
): Map<bigint, CartInHand> {
  const carts = new Map(
    locked.map(({ userId, version }): [bigint, CartInHand] => [
      userId,
      { version, lineCount: lineCounts.get(userId) ?? 0, quantities: new Map() },
    ]),
  );
  for (const { userId, sku, quantity } of lines) {
    carts.get(userId)?.quantities.set(sku, quantity);
  }
  return carts;
}

function applyEdit(edit: CartEdit, cart: CartInHand | undefined): EditOutcome {
  if (cart === undefined) {
    // Nothing can be deleted from a cart that never was.
    return { kind: "done", version: 0n, quantity: 0 };
  }
  const before = cart.quantities.get(edit.sku) ?? 0;
  const after = quantityAfter(edit, before);
  const failure = refusal(edit, before, after, cart.lineCount);
  if (failure !== undefined) {
    return { kind: "refused", failure };
  }
  if (after !== before) {
    cart.lineCount += Number(after > 0) - Number(before > 0);
    cart.quantities.set(edit.sku, after);
    cart.version += 1n;
  }
  return { kind: "done", version: cart.version, quantity: after };
}

function quantityAfter(edit: CartEdit, before: number): number {
  switch (edit.kind) {
    case "set":
      return edit.quantity;
    case "increase":
      return before + edit.quantity;
    case "delete":
      return Math.max(0, before - edit.quantity);
  }
}

function refusal(edit: CartEdit, before: number, after: number, lineCount: number): Failure | undefined {
  const { kind, sku } = edit;
  if (kind === "increase" && edit.available < after) {
    return insufficientStock([{ sku, requested: after, available: edit.available }]);
  }
  if (after > lineQuantityMax) {
    return lineFull(sku);
  }
  return before === 0 && after > 0 && lineCount >= cartLinesMax ? cartFull() : undefined;
}

function write(
  tx: Tx,
  locked: readonly LockedCart[],
  lines: readonly UserLine[],
  carts: ReadonlyMap<bigint, CartInHand>,
): void {
  const before = new Map(lines.map(({ userId, sku, quantity }) => [`${userId}/${sku}`, quantity]));
  const after = [...carts].flatMap(([userId, { quantities }]) =>
    [...quantities]
      .map(([sku, quantity]) => ({ userId, sku, quantity }))
      .filter(({ sku, quantity }) => quantity !== before.get(`${userId}/${sku}`)),
  );
  upsertLines(
    tx,
    after.filter(({ quantity }) => quantity > 0),
  );
  subtractLines(
    tx,
    lines.filter(({ userId, sku }) => carts.get(userId)?.quantities.get(sku) === 0),
  );
  updateVersions(
    tx,
    locked.flatMap(({ userId, version: before }) => {
      const version = carts.get(userId)?.version ?? before;
      return version === before ? [] : [{ userId, version }];
    }),
  );
}

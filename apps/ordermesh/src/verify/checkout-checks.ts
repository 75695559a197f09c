import type { Queryable } from "@ordermesh/postgres/tx";
import { arrayLiteral } from "@ordermesh/postgres/tx";
import type { CheckResult, Finding } from "./finding.ts";

interface PurchaseRow {
  readonly user_id: bigint;
  readonly cart_version: bigint;
  readonly order_id: bigint;
}

/** One version of a cart has one order, and it is the buyer's own. */
export async function checkPurchases(checkout: Queryable, loms: Queryable): Promise<CheckResult> {
  const purchases = await checkout.query<PurchaseRow>(
    "select user_id, cart_version, order_id from purchases where order_id is not null",
  );
  const orders = await loms.query<{ id: bigint; user_id: bigint }>(
    "select id, user_id from orders where id = any($1::bigint[])",
    [arrayLiteral(purchases.map((purchase) => purchase.order_id))],
  );
  const ownerOf = new Map(orders.map((order) => [order.id, order.user_id]));
  const findings: Finding[] = [];
  const seen = new Map<bigint, string>();
  for (const { user_id, cart_version, order_id } of purchases) {
    const cart = `cart ${user_id}, version ${cart_version}`;
    const owner = ownerOf.get(order_id);
    if (owner !== user_id) {
      const text = owner === undefined ? "does not exist" : `belongs to user ${owner}`;
      findings.push({ invariant: "I6", text: `${cart}: its order ${order_id} ${text}` });
    }
    const other = seen.get(order_id);
    if (other !== undefined) {
      findings.push({ invariant: "I6", text: `${cart} and ${other} have the same order ${order_id}` });
    }
    seen.set(order_id, cart);
  }
  return {
    invariant: "I6",
    claim: "each purchase has one order, and it is its buyer's",
    examined: purchases.length,
    findings,
  };
}

import type { KitchenOrder } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";

export interface DishCount {
  readonly name: string;
  readonly quantity: number;
}

/** How many of each dish are to be made, over all orders; the most first. */
export function dishCounts(orders: readonly Pick<KitchenOrder, "order">[]): readonly DishCount[] {
  const counts = new Map<string, number>();
  for (const { name, quantity } of orders.flatMap(({ order }) => order?.lines ?? [])) {
    counts.set(name, (counts.get(name) ?? 0) + quantity);
  }
  return [...counts]
    .map(([name, quantity]) => ({ name, quantity }))
    .sort((one, other) => other.quantity - one.quantity || one.name.localeCompare(other.name));
}

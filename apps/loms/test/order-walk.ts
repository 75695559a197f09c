import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { type Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import type { CreateOrderRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type {
  ApplyActionRequestSchema,
  ApplyActionResponse,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { expect } from "vitest";
import type { LomsHarness } from "./loms-harness.ts";

type Orders = LomsHarness["orders"];
type CreateRequest = Exclude<MessageInitShape<typeof CreateOrderRequestSchema>, Message>;
type ActionRequest = Exclude<MessageInitShape<typeof ApplyActionRequestSchema>, Message>;

/** A call that must fail: why it did. */
export interface Refused {
  readonly code: Code;
  readonly reason: string;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export async function refusalOf(call: Promise<unknown>): Promise<Refused> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  const info = error.findDetails(ErrorInfoSchema)[0];
  return {
    code: error.code,
    reason: info?.reason ?? "",
    message: error.rawMessage,
    metadata: info?.metadata ?? {},
  };
}

/** Takes orders through their lives, over gRPC. */
export interface OrderWalk {
  /** Puts units of new SKUs on the shelf. */
  stock(...quantities: number[]): Promise<number[]>;
  /** An order of some units of each of these SKUs, at 1000 minor units each. */
  place(skus: readonly number[], changes?: Partial<CreateRequest>): Promise<bigint>;
  act(
    orderId: bigint,
    role: string,
    action: string,
    more?: Partial<ActionRequest>,
  ): Promise<ApplyActionResponse>;
  /** Places an order of these SKUs and pays it. */
  placePaid(skus: readonly number[]): Promise<bigint>;
  /** Actions with the order by role: "P: no payment, payment successful", without roles that may do nothing. */
  allowed(orderId: bigint): Promise<Record<string, string[]>>;
  /** Actions with one item by role. */
  allowedWith(orderId: bigint, sku: number): Promise<Record<string, string[]>>;
  /** "FS/WR/WSR": the codes of the order, and of an item and its latest refund. */
  codes(orderId: bigint, sku?: number): Promise<string>;
  /** "P payment successful → FP", oldest first, without how the order began. */
  story(orderId: bigint): Promise<string[]>;
  onHand(sku: number): Promise<number>;
}

export const unitPriceMinor = 1_000n;
export const unitsPerLine = 2;

let nextSku = 1_000;
let nextKey = 0;

export function walkOrders(orders: Orders): OrderWalk {
  async function byRole(
    orderId: bigint,
    pick: (role: { actions: string[]; items: { itemSku: number; actions: string[] }[] }) => string[],
  ) {
    const { roles } = await orders.listAllowedActions({ orderId });
    return Object.fromEntries(roles.map((role) => [role.role, pick(role)]));
  }

  const walk: OrderWalk = {
    async stock(...quantities) {
      const skus = quantities.map(() => (nextSku += 1));
      await orders.receiveStock({
        idempotencyKey: `stock ${skus.join()}`,
        receipts: skus.map((sku, index) => ({ sku, warehouseId: 1n, quantity: quantities[index] ?? 0 })),
      });
      return skus;
    },
    async place(skus, changes = {}) {
      const { orderId, status } = await orders.createOrder({
        userId: 7n,
        idempotencyKey: `key ${nextKey++}`,
        lines: skus.map((sku) => ({
          sku,
          quantity: unitsPerLine,
          unitPrice: { currencyCode: "EUR", amountMinor: unitPriceMinor },
          name: `Thing ${sku}`,
        })),
        ...changes,
      });
      expect(status).toBe(OrderStatus.AWAITING_PAYMENT);
      return orderId;
    },
    act: (orderId, role, action, more = {}) => orders.applyAction({ orderId, role, action, ...more }),
    async placePaid(skus) {
      const orderId = await walk.place(skus);
      await walk.act(orderId, "P", "payment successful");
      return orderId;
    },
    allowed: (orderId) => byRole(orderId, ({ actions }) => [...actions].sort()),
    allowedWith: (orderId, sku) =>
      byRole(orderId, ({ items }) =>
        [...(items.find(({ itemSku }) => itemSku === sku)?.actions ?? [])].sort(),
      ),
    async codes(orderId, sku) {
      const { order } = await orders.getOrder({ orderId });
      const item = order?.items.find((candidate) => candidate.sku === sku);
      return [order?.stateCode, item?.stateCode, item?.refunds.at(-1)?.stateCode]
        .filter((code) => code !== undefined)
        .join("/");
    },
    async story(orderId) {
      const { entries } = await orders.getHistory({ orderId });
      return entries
        .filter(({ role }) => role !== "")
        .map(
          ({ role, action, stateCode, itemCode, refundCode }) =>
            `${role} ${action} → ${[stateCode, itemCode, refundCode].filter((code) => code !== "").join("/")}`,
        );
    },
    async onHand(sku) {
      const { stockLevels } = await orders.listStockLevels({ sku });
      expect(stockLevels.every(({ reserved, onHand }) => reserved <= onHand)).toBe(true);
      return stockLevels.reduce((sum, { onHand }) => sum + onHand, 0);
    },
  };
  return walk;
}

import { fromBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  OrderCanceledSchema,
  OrderCreatedSchema,
  OrderFailedSchema,
  OrderPaidSchema,
  type OrderSnapshot,
} from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason, type TableReference } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Order, OrderStatus } from "../domain/order.ts";
import { birthEvents } from "./outgoing.ts";
import { stepEvents } from "./step-events.ts";

const minorUnits = fc.integer({ min: 0, max: 1_000_000_000_000_000 });
const time = fc.date({ min: new Date("2020-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });

const anyOrder: fc.Arbitrary<Order> = fc.record({
  id,
  userId: id,
  status: fc.constant("paid"),
  version: fc.integer({ min: 1, max: 1_000 }),
  workflow: fc.constant({ name: "product" as const, version: 1 }),
  lines: fc.array(
    fc.record({
      sku: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      quantity: fc.integer({ min: 1, max: 1_000_000 }),
      name: fc.string({ unit: "grapheme", maxLength: 200 }),
      unitPriceMinor: fc.option(minorUnits, { nil: undefined }),
      attributes: fc.option(
        fc.array(fc.record({ name: fc.string({ minLength: 1 }), value: fc.string() }), { minLength: 1 }),
        { nil: undefined },
      ),
    }),
    { maxLength: 5 },
  ),
  total: fc.option(fc.record({ currencyCode: fc.constantFrom("EUR", "JPY"), amountMinor: minorUnits }), {
    nil: undefined,
  }),
  createdAt: time,
  paymentDueAt: fc.option(time, { nil: undefined }),
  table: fc.option(
    fc.record({
      locationId: fc.bigInt({ min: 1n, max: 2n ** 62n }),
      sessionId: fc.bigInt({ min: 1n, max: 2n ** 62n }),
      guestNickname: fc.string({ unit: "grapheme", maxLength: 50 }),
      staffUserId: fc.bigInt({ min: 0n, max: 2n ** 62n }),
      note: fc.string({ unit: "grapheme", maxLength: 500 }),
    }),
    { nil: undefined },
  ),
  cancelReason: fc.constant(undefined),
  shortages: fc.constant([]),
  refundedMinor: fc.constant(0),
});

/** The one event of a step that brought an order to where it is. */
function stepEvent(order: Order, statusBefore: OrderStatus) {
  const { version, status, cancelReason } = order;
  const [event] = stepEvents(order, [
    {
      step: {
        ...{
          version,
          status,
          cancelReason,
          changedAt: order.createdAt,
          role: "P",
          actor: "test",
          action: "an action",
        },
        ...{ sku: undefined, itemState: undefined, refundId: undefined, refundKind: undefined },
        ...{ refundState: undefined, event: undefined, parameters: undefined, trace: undefined },
      },
      statusBefore,
      sheet: undefined,
      refundMinor: undefined,
      isRefundFinished: false,
      voucher: undefined,
      traceparent: "",
    },
  ]);
  return event!;
}

/** What a consumer reads, in the words of the domain. */
function readBack(snapshot: OrderSnapshot | undefined) {
  return {
    id: snapshot?.orderId,
    userId: snapshot?.userId,
    version: snapshot?.version,
    lines: snapshot?.lines.map(({ sku, quantity, name, unitPrice, attributes }) => ({
      sku,
      quantity,
      name,
      attributes:
        attributes.length === 0 ? undefined : attributes.map(({ name, value }) => ({ name, value })),
      unitPriceMinor: unitPrice === undefined ? undefined : Number(unitPrice.amountMinor),
    })),
    total: snapshot?.total && {
      currencyCode: snapshot.total.currencyCode,
      amountMinor: Number(snapshot.total.amountMinor),
    },
    createdAt: snapshot?.createdTime && timestampDate(snapshot.createdTime),
    paymentDueAt: snapshot?.paymentDueTime && timestampDate(snapshot.paymentDueTime),
    table: snapshot?.table && readTable(snapshot.table),
  };
}

function readTable({ locationId, sessionId, guestNickname, staffUserId, note }: TableReference) {
  return { locationId, sessionId, guestNickname, staffUserId, note };
}

function expected(order: Order, version: number) {
  const { id, userId, total, createdAt, paymentDueAt, table } = order;
  // Prices have no currency of their own: without a total there are none.
  const lines =
    total === undefined
      ? order.lines.map((line) => ({ ...line, unitPriceMinor: undefined }))
      : [...order.lines];
  return { id, userId, version, lines, total, createdAt, paymentDueAt, table };
}

test("a consumer reads the order that was written", () => {
  fc.assert(
    fc.property(anyOrder, (order) => {
      const { type, payload } = stepEvent(order, "awaiting_payment");
      expect(type).toBe(OrderPaidSchema.typeName);
      expect(readBack(fromBinary(OrderPaidSchema, payload).order)).toEqual(expected(order, order.version));
    }),
    { numRuns: 1_000 },
  );
});

test("both events of a new order hold the whole order, each with its own version", () => {
  fc.assert(
    fc.property(anyOrder, (any) => {
      const shortages = [{ sku: 5, requested: 3, available: 1 }];
      const order: Order = { ...any, status: "failed", version: 2, shortages };
      const [created, failed] = birthEvents(order, "");
      const createdMessage = fromBinary(OrderCreatedSchema, created?.payload ?? new Uint8Array());
      const failedMessage = fromBinary(OrderFailedSchema, failed?.payload ?? new Uint8Array());
      expect(readBack(createdMessage.order)).toEqual(expected(order, 1));
      expect(readBack(failedMessage.order)).toEqual(expected(order, 2));
      expect(failedMessage.shortages).toMatchObject(shortages);
    }),
  );
});

test("an order that was canceled says why", () => {
  fc.assert(
    fc.property(anyOrder, fc.constantFrom("requested", "payment_deadline"), (any, cancelReason) => {
      const { payload } = stepEvent({ ...any, status: "canceled", cancelReason }, "awaiting_payment");
      const message = fromBinary(OrderCanceledSchema, payload);
      expect(message.reason).toBe(
        cancelReason === "requested" ? CancelReason.REQUESTED : CancelReason.PAYMENT_DEADLINE,
      );
      expect(readBack(message.order)).toEqual(expected(any, any.version));
    }),
  );
});

import { fromBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { OrderPaidSchema } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { CancelReason, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { VoucherCodeState, VoucherValidation } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { createVoucherCodeSealer } from "@ordermesh/sealing/voucher-code-sealer";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseVoucherCode } from "../src/domain/voucher-code.ts";
import { openVoucherShop, refusalOf, sku, type VoucherShop, voucherSecret } from "./voucher-orders.ts";

let shop: VoucherShop;
beforeAll(async () => {
  shop = await openVoucherShop();
});
afterAll(() => shop.stop());

const { UNUSED, USED, REFUND_PENDING, REFUNDED, EXPIRED } = VoucherCodeState;
const statesOf = async (orderId: bigint) => (await shop.voucher(orderId)).codes.map(({ state }) => state);

describe("codes", () => {
  test("service_times 5: five codes, once it is paid, and not before", async () => {
    const orderId = await shop.place({ serviceTimes: 5 });
    expect((await shop.order(orderId)).stateCode).toBe("WP");
    expect((await shop.voucher(orderId)).codes).toEqual([]);
    await shop.orders.payOrder({ orderId });
    expect((await shop.order(orderId)).stateCode).toBe("FP");
    const { codes, terms } = await shop.voucher(orderId);
    expect(codes.map(({ number, state }) => [number, state])).toEqual(
      [1, 2, 3, 4, 5].map((number) => [number, UNUSED]),
    );
    expect(new Set(codes.map(({ code }) => code)).size).toBe(5);
    for (const { code } of codes) {
      expect(code).toMatch(/^[0-9]{10}$/);
      expect(parseVoucherCode(code)).toBe(code);
    }
    expect(terms).toMatchObject({ serviceTimes: 5, mobile: "+4915112345678", anytimeRefund: true });
    // Paid again changes nothing, also not the codes.
    await shop.orders.payOrder({ orderId });
    expect((await shop.voucher(orderId)).codes).toEqual(codes);
  });

  test("are in clear nowhere but in their owner's view: in no table and no event", async () => {
    const orderId = await shop.buy();
    const codes = await shop.codes(orderId);
    const tables = await shop.sql<{ name: string }[]>`
      select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`;
    expect(tables.map(({ name }) => name)).toContain("voucher_codes");
    for (const { name } of tables) {
      const rows = await shop.sql<
        { text: string }[]
      >`select to_jsonb(t)::text as text from ${shop.sql(name)} t`;
      const all = rows.map(({ text }) => text).join("\n");
      for (const code of codes) {
        expect(all.includes(code), name).toBe(false);
        expect(all.includes(Buffer.from(code).toString("hex")), name).toBe(false);
      }
    }
  });

  test("the event of the payment has what the text message needs, and the first code is sealed", async () => {
    // Without a broker the event stays in the outbox.
    const quiet = await openVoucherShop({ kafkaBrokers: ["127.0.0.1:1"] });
    try {
      const orderId = await quiet.buy({ serviceTimes: 3, mobile: "+4917012345678" });
      const [first] = await quiet.codes(orderId);
      const [row] = await quiet.sql<{ payload: Uint8Array }[]>`
        select payload from outbox where type = ${OrderPaidSchema.typeName}`;
      const { voucher } = fromBinary(OrderPaidSchema, row!.payload);
      expect(voucher).toMatchObject({ mobile: "+4917012345678", codes: 3 });
      const { terms } = await quiet.voucher(orderId);
      expect(timestampDate(voucher!.validUntilTime!)).toEqual(timestampDate(terms!.validUntilTime!));
      const sealer = createVoucherCodeSealer(voucherSecret);
      expect(sealer.unseal(voucher!.sealedFirstCode, { orderId, number: 1 })).toBe(first);
      expect(Buffer.from(row!.payload).includes(first!)).toBe(false);
    } finally {
      await quiet.stop();
    }
  });
});

describe("a service order", () => {
  test("that is canceled before it is paid never has codes", async () => {
    const orderId = await shop.place();
    await shop.act(orderId, "B", "cancel order");
    expect(await shop.order(orderId)).toMatchObject({
      status: OrderStatus.CANCELED,
      stateCode: "CT",
      cancelReason: CancelReason.REQUESTED,
    });
    expect((await shop.voucher(orderId)).codes).toEqual([]);
    const { roles } = await shop.orders.listAllowedActions({ orderId });
    expect(roles.flatMap(({ actions, items }) => [...actions, ...items])).toEqual([]);
  });

  test("whose codes are all used is completed", async () => {
    const orderId = await shop.buy({ serviceTimes: 3 });
    const codes = await shop.codes(orderId);
    for (const [index, code] of codes.entries()) {
      expect((await shop.order(orderId)).stateCode).toBe("FP");
      const validation = await shop.orders.validateVoucherCode({ code });
      expect(validation).toMatchObject({
        result: VoucherValidation.VALIDATED,
        message: "Validated Successfully!",
        orderId,
        number: index + 1,
        line: { sku, quantity: 1, name: "Hair cut" },
        unused: 2 - index,
        replayed: false,
      });
    }
    expect(await shop.order(orderId)).toMatchObject({ status: OrderStatus.COMPLETED, stateCode: "ST" });
    expect(await statesOf(orderId)).toEqual([USED, USED, USED]);
    expect(await shop.actions(orderId)).toEqual(["payment successful", "all used"]);
    expect(await shop.show(codes[0]!)).toBe("Not a valid order!");
    expect(await refusalOf(shop.act(orderId, "B", "request refund"))).toMatchObject({
      reason: "WRONG_STATE",
    });
    expect((await shop.voucher(orderId)).refundable).toMatchObject({ amountMinor: 0n });
  });

  test("that expires without a use is refunded, and canceled", async () => {
    const orderId = await shop.buy({ validForMs: 1_500 });
    const [code] = await shop.codes(orderId);
    await eventually(async () => expect(await statesOf(orderId)).toEqual(Array(5).fill(EXPIRED)));
    expect(await shop.show(code!)).toBe("Already expired!");
    expect((await shop.order(orderId)).items[0]?.refunds).toMatchObject([
      { stateCode: "PPR", amount: { currencyCode: "EUR", amountMinor: 5_000n } },
    ]);
    await shop.act(orderId, "P", "finished refund");
    expect(await shop.order(orderId)).toMatchObject({
      stateCode: "CT",
      cancelReason: CancelReason.EXPIRED,
      refunded: { amountMinor: 5_000n },
    });
    expect(await shop.show(code!)).toBe("Not a valid order!");
  });

  test("one code used, then expired: the rest is refunded, and it is completed", async () => {
    const orderId = await shop.buy({ validForMs: 3_000 });
    const [used, unused] = await shop.codes(orderId);
    expect(await shop.show(used!)).toBe("Validated Successfully!");
    await eventually(async () => expect(await statesOf(orderId)).toEqual([USED, ...Array(4).fill(EXPIRED)]));
    expect((await shop.order(orderId)).items[0]?.refunds).toMatchObject([
      { stateCode: "PPR", amount: { amountMinor: 3_800n } },
    ]);
    await shop.act(orderId, "P", "finished refund");
    expect(await shop.order(orderId)).toMatchObject({ stateCode: "ST", refunded: { amountMinor: 3_800n } });
    expect(await shop.actions(orderId)).toEqual([
      "payment successful",
      "attendance code expired",
      "finished refund",
      "used service finished refund",
    ]);
    expect([await shop.show(used!), await shop.show(unused!)]).toEqual(Array(2).fill("Not a valid order!"));
  });

  test.each([
    ["nothing for the rest", { expirationRefund: false }, 0],
    ["nothing, because so many uses are worth the price", { unitPriceMinor: 5_000n }, 1],
  ])("whose terms give back %s is completed when it expires", async (_, terms, uses) => {
    const orderId = await shop.buy({ validForMs: 1_500, ...terms });
    for (const code of (await shop.codes(orderId)).slice(0, uses)) {
      await shop.show(code);
    }
    await eventually(async () => expect((await shop.order(orderId)).stateCode).toBe("ST"));
    expect((await shop.order(orderId)).items[0]?.refunds).toEqual([]);
    expect(await statesOf(orderId)).toEqual([...Array(uses).fill(USED), ...Array(5 - uses).fill(EXPIRED)]);
  });
});

describe("a refund that the buyer asks for", () => {
  test("none used: all of the price; the codes are dead at once, and refunded in the end", async () => {
    const orderId = await shop.buy();
    const [code] = await shop.codes(orderId);
    await shop.act(orderId, "B", "request refund");
    expect(await statesOf(orderId)).toEqual(Array(5).fill(REFUND_PENDING));
    expect(await shop.show(code!)).toBe("Already refunded!");
    const [refund] = (await shop.order(orderId)).items[0]!.refunds;
    expect(refund).toMatchObject({ stateCode: "PPR", amount: { amountMinor: 5_000n } });
    await shop.act(orderId, "P", "finished refund");
    expect(await statesOf(orderId)).toEqual(Array(5).fill(REFUNDED));
    expect(await shop.order(orderId)).toMatchObject({
      stateCode: "CT",
      cancelReason: CancelReason.REFUNDED,
      refunded: { amountMinor: 5_000n },
    });
    expect(await shop.show(code!)).toBe("Not a valid order!");
  });

  test("some used: the price − unit price × used", async () => {
    const orderId = await shop.buy();
    const [first, second, third] = await shop.codes(orderId);
    await shop.show(first!);
    await shop.show(second!);
    expect((await shop.voucher(orderId)).refundable).toMatchObject({ amountMinor: 2_600n });
    await shop.act(orderId, "B", "request refund");
    expect(await shop.show(first!)).toBe("Already used!");
    expect(await shop.show(third!)).toBe("Already refunded!");
    await shop.act(orderId, "P", "finished refund");
    expect(await shop.order(orderId)).toMatchObject({ stateCode: "ST", refunded: { amountMinor: 2_600n } });
    expect(await statesOf(orderId)).toEqual([USED, USED, REFUNDED, REFUNDED, REFUNDED]);
  });

  test("can not be asked for twice, and no expiry comes between", async () => {
    const orderId = await shop.buy({ validForMs: 1_500 });
    await shop.act(orderId, "B", "request refund");
    expect(await refusalOf(shop.act(orderId, "B", "request refund"))).toMatchObject({
      reason: "GUARD_REFUSED",
    });
    // The timer of a later order has fired, so this one's has been looked at as well.
    const later = await shop.buy({ validForMs: 1_500 });
    await eventually(async () => expect((await statesOf(later))[0]).toBe(EXPIRED));
    expect(await statesOf(orderId)).toEqual(Array(5).fill(REFUND_PENDING));
    expect((await shop.order(orderId)).items[0]?.refunds).toHaveLength(1);
    await shop.act(orderId, "P", "finished refund");
    expect(await shop.order(orderId)).toMatchObject({ stateCode: "CT", cancelReason: CancelReason.REFUNDED });
  });

  test.each([
    ["the terms give nothing", { anytimeRefund: false }, 0],
    ["nothing is left of the price", { unitPriceMinor: 2_500n }, 2],
  ])("is refused if %s, and all stays as it is", async (_, terms, uses) => {
    const orderId = await shop.buy(terms);
    const codes = await shop.codes(orderId);
    for (const code of codes.slice(0, uses)) {
      await shop.show(code);
    }
    expect(await refusalOf(shop.act(orderId, "B", "request refund"))).toMatchObject({
      reason: "GUARD_REFUSED",
    });
    const { roles } = await shop.orders.listAllowedActions({ orderId, role: "B" });
    expect(roles.flatMap(({ actions }) => actions)).not.toContain("request refund");
    expect(await shop.show(codes.at(-1)!)).toBe("Validated Successfully!");
  });
});

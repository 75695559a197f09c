import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type Database, openDatabase } from "@ordermesh/postgres/database";
import { VoucherValidation } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newVoucherCode } from "../src/domain/voucher-code.ts";
import { guessLimit } from "../src/domain/voucher-guesses.ts";
import { validateVoucherCode } from "../src/validate-voucher.ts";
import { createVoucherKey } from "../src/voucher-key.ts";
import { getVoucher } from "../src/vouchers.ts";
import { openVoucherShop, refusalOf, sku, type VoucherShop, voucherSecret } from "./voucher-orders.ts";

const key = createVoucherKey(voucherSecret);

let shop: VoucherShop;
let database: Database;
beforeAll(async () => {
  shop = await openVoucherShop();
  database = openDatabase({
    url: shop.database.url,
    applicationName: "test",
    connectionsMax: 12,
    timeoutMs: 10_000,
  });
});
afterEach(() => shop.sql`truncate voucher_guesses`);
afterAll(async () => {
  await database.close();
  await shop.stop();
});

/** As somebody whom the service would know by a token. */
function validateAs(caller: string, code: string, changes: { sku?: number; idempotencyKey?: string } = {}) {
  const request = { code, sku: 0, idempotencyKey: "", caller, ...changes };
  return database.transaction((tx) => validateVoucherCode(tx, { key, settle: async () => {} }, request));
}

describe("what a counter is shown, word for word", () => {
  test("Validated Successfully! once, and then Already used!", async () => {
    const [code] = await shop.codes(await shop.buy());
    expect(await shop.show(code!)).toBe("Validated Successfully!");
    expect(await shop.orders.validateVoucherCode({ code: code! })).toMatchObject({
      result: VoucherValidation.ALREADY_USED,
      message: "Already used!",
      orderId: 0n,
      number: 0,
      unused: 0,
    });
  });

  test("the code may be written as people do", async () => {
    const [code] = await shop.codes(await shop.buy());
    const written = ` ${code!.slice(0, 3)} ${code!.slice(3, 6)}-${code!.slice(6)} `;
    expect(await shop.show(written)).toBe("Validated Successfully!");
  });

  test.each([
    ["a code that nobody has", newVoucherCode()],
    ["letters", "abcdefghij"],
    ["too few digits", "123"],
    ["what looks like an attack", "' or 1=1; --"],
  ])("Invalid code! for %s", async (_, code) => {
    expect(await shop.show(code)).toBe("Invalid code!");
  });

  test("Already expired! from the very moment on, however late the timer is", async () => {
    const orderId = await shop.buy();
    const [code, other] = await shop.codes(orderId);
    const endsIn = (interval: string) => shop.sql`
      update voucher_terms set valid_until = now() + ${interval}::interval where order_id = ${`${orderId}`}`;
    await endsIn("-1 millisecond");
    expect(await shop.show(code!)).toBe("Already expired!");
    await endsIn("1 hour");
    expect(await shop.show(other!)).toBe("Validated Successfully!");
  });

  test("Not a valid order! for the codes of one that has ended", async () => {
    const orderId = await shop.buy({ serviceTimes: 1 });
    const [code] = await shop.codes(orderId);
    expect(await shop.show(code!)).toBe("Validated Successfully!");
    expect((await shop.order(orderId)).stateCode).toBe("ST");
    expect(await shop.show(code!)).toBe("Not a valid order!");
  });

  test("a code is for what was sold: shown for something else it is an Invalid code!", async () => {
    const [code] = await shop.codes(await shop.buy());
    const elsewhere = await shop.orders.validateVoucherCode({ code: code!, sku: sku + 1 });
    expect(elsewhere.message).toBe("Invalid code!");
    const here = await shop.orders.validateVoucherCode({ code: code!, sku });
    expect(here.message).toBe("Validated Successfully!");
  });
});

describe("a call that is repeated", () => {
  test("with its key succeeds again, and uses nothing more, also after the last code", async () => {
    const orderId = await shop.buy({ serviceTimes: 2 });
    for (const [index, code] of (await shop.codes(orderId)).entries()) {
      const request = { code, idempotencyKey: `visit ${index}` };
      const first = await shop.orders.validateVoucherCode(request);
      expect(first).toMatchObject({ message: "Validated Successfully!", unused: 1 - index, replayed: false });
      const again = await shop.orders.validateVoucherCode(request);
      expect(again).toMatchObject({ ...first, replayed: true });
    }
    expect((await shop.order(orderId)).stateCode).toBe("ST");
  });

  test("with another key, without one, or by somebody else is another use", async () => {
    const [code] = await shop.codes(await shop.buy());
    await validateAs("user:3", code!, { idempotencyKey: "visit" });
    for (const [caller, idempotencyKey] of [
      ["user:3", "other"],
      ["user:3", ""],
      ["user:4", "visit"],
    ] as const) {
      expect(await validateAs(caller, code!, { idempotencyKey })).toEqual({ result: "already_used" });
    }
    expect(await validateAs("user:3", code!, { idempotencyKey: "visit" })).toMatchObject({ replayed: true });
  });
});

describe("guessing", () => {
  test("ten wrong codes are answered, then nothing is for ten minutes, a good one neither; nobody else waits", async () => {
    const [code] = await shop.codes(await shop.buy());
    for (let guess = 0; guess < guessLimit.triesMax; guess += 1) {
      expect(await validateAs("user:3", newVoucherCode())).toEqual({ result: "invalid_code" });
    }
    for (const shown of [newVoucherCode(), code!]) {
      await expect(validateAs("user:3", shown)).rejects.toMatchObject({
        kind: "resource_exhausted",
        reason: "TOO_MANY_GUESSES",
        details: { retryAfterMs: expect.any(Number) },
      });
    }
    expect(await validateAs("user:4", code!)).toMatchObject({ result: "validated" });
    await shop.sql`update voucher_guesses set free_at = free_at - interval '10 minutes' where caller = 'user:3'`;
    expect(await validateAs("user:3", newVoucherCode())).toEqual({ result: "invalid_code" });
    await expect(validateAs("user:3", newVoucherCode())).rejects.toMatchObject({
      reason: "TOO_MANY_GUESSES",
    });
  });

  test("at the same time counts one by one: of a hundred guesses at once ten are answered", async () => {
    const guesses = Array.from({ length: 100 }, () => validateAs("user:5", newVoucherCode()));
    const results = await Promise.allSettled(guesses);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(guessLimit.triesMax);
  });

  test("is what showing a sold code for something else is, but not a slip of the finger, and no good code", async () => {
    const [code, other] = await shop.codes(await shop.buy());
    for (let slip = 0; slip < 3 * guessLimit.triesMax; slip += 1) {
      const digit = (Number(code![4]) + 1 + (slip % 9)) % 10;
      const mistyped = `${code!.slice(0, 4)}${digit}${code!.slice(5)}`;
      expect(await validateAs("user:6", mistyped)).toEqual({ result: "invalid_code" });
    }
    expect(await validateAs("user:6", code!)).toMatchObject({ result: "validated" });
    for (let show = 0; show < 3 * guessLimit.triesMax; show += 1) {
      expect(await validateAs("user:6", code!)).toEqual({ result: "already_used" });
    }
    for (let guess = 0; guess < guessLimit.triesMax; guess += 1) {
      expect(await validateAs("user:6", other!, { sku: sku + 1 })).toEqual({ result: "invalid_code" });
    }
    await expect(validateAs("user:6", other!)).rejects.toMatchObject({ reason: "TOO_MANY_GUESSES" });
  });

  test("over the wire says when to come again", async () => {
    for (let guess = 0; guess < guessLimit.triesMax; guess += 1) {
      await shop.show(newVoucherCode());
    }
    const call = shop.orders.validateVoucherCode({ code: newVoucherCode() });
    await expect(call).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect(await refusalOf(shop.orders.validateVoucherCode({ code: newVoucherCode() }))).toMatchObject({
      reason: "TOO_MANY_GUESSES",
      message: expect.stringMatching(/wait \d+ s and try again/),
    });
  });
});

describe("who sees codes", () => {
  const view = (orderId: bigint, limitedToUserId: bigint | undefined, isOwner: boolean) =>
    database.read((db) => getVoucher(db, key, orderId, { limitedToUserId, isOwner: () => isOwner }));

  test("the buyer; the platform and sellers see where they stand, and no digits", async () => {
    const orderId = await shop.buy({ userId: 7n });
    const own = await view(orderId, 7n, true);
    expect(own.codes.map(({ code }) => code)).toEqual(await shop.codes(orderId));
    const others = await view(orderId, undefined, false);
    expect(others.codes.map(({ number, state, code }) => [number, state, code])).toEqual(
      [1, 2, 3, 4, 5].map((number) => [number, "unused", undefined]),
    );
  });

  test("to a stranger it is as if there were none", async () => {
    const orderId = await shop.buy({ userId: 7n });
    await expect(view(orderId, 8n, false)).rejects.toMatchObject({ kind: "not_found" });
    await expect(view(999_999_999n, 8n, false)).rejects.toMatchObject({ kind: "not_found" });
  });

  test("an order of another kind has none", async () => {
    const { orderId } = await shop.orders.createOrder({
      userId: 1n,
      idempotencyKey: "goods",
      lines: [{ sku, quantity: 1 }],
    });
    expect(await refusalOf(shop.voucher(orderId))).toMatchObject({ reason: "NOT_A_SERVICE_ORDER" });
  });
});

describe("what can not be sold", () => {
  const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });
  const good = {
    userId: 1n,
    idempotencyKey: "bad input",
    workflow: "service",
    lines: [{ sku, quantity: 1, unitPrice: eur(5_000n) }],
    voucher: {
      serviceTimes: 5,
      unitPrice: eur(1_200n),
      validUntilTime: timestampFromDate(new Date(Date.now() + 3_600_000)),
    },
  };
  const terms = good.voucher;

  test.each([
    ["no use", { voucher: { ...terms, serviceTimes: 0 } }],
    ["too many uses", { voucher: { ...terms, serviceTimes: 101 } }],
    ["no price of one use", { voucher: { ...terms, unitPrice: undefined } }],
    ["a negative price of one use", { voucher: { ...terms, unitPrice: eur(-1n) } }],
    ["another currency", { voucher: { ...terms, unitPrice: { currencyCode: "USD", amountMinor: 1n } } }],
    ["no end", { voucher: { ...terms, validUntilTime: undefined } }],
    ["an end that is over", { voucher: { ...terms, validUntilTime: timestampFromDate(new Date(0)) } }],
    ["an end that never comes", { voucher: { ...terms, validUntilTime: { seconds: 99_999_999_999n } } }],
    ["a number that is none", { voucher: { ...terms, mobile: "call me" } }],
    ["two things", { lines: [...good.lines, { sku: 8, quantity: 1 }] }],
    ["two of one thing", { lines: [{ ...good.lines[0]!, quantity: 2 }] }],
    ["no price", { lines: [{ sku, quantity: 1 }] }],
    ["no voucher", { voucher: undefined }],
    ["a voucher for goods", { workflow: "product" }],
    ["a voucher for the usual", { workflow: "" }],
  ])("%s", async (_, changes) => {
    const call = shop.orders.createOrder({ ...good, ...changes });
    await expect(call).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  test("anything, without a VOUCHER_KEY", async () => {
    const keyless = await openVoucherShop({ voucherSecret: undefined });
    try {
      expect(await refusalOf(keyless.place())).toMatchObject({
        reason: "VOUCHERS_NOT_CONFIGURED",
        message: expect.stringContaining("VOUCHER_KEY"),
      });
      expect(await refusalOf(keyless.show(newVoucherCode()))).toMatchObject({
        reason: "VOUCHERS_NOT_CONFIGURED",
      });
    } finally {
      await keyless.stop();
    }
  });
});

import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, headersOf, ownerId } from "./callers.ts";
import { type SecuredMesh, startSecuredMesh } from "./secured-mesh.ts";

/* Voucher codes are money: who sees them, who may use them, and what somebody learns who guesses. */

let mesh: SecuredMesh;
let loms: Client<typeof LomsService>;
let close: () => void;

const sku = 7;
const mobile = "+4915112345678";
const as = async (caller: Caller, service = "loms") => ({
  headers: await headersOf(mesh.issuer, caller, service),
});

beforeAll(async () => {
  mesh = await startSecuredMesh({ VOUCHER_KEY: Buffer.alloc(32, 9).toString("base64") });
  const opened = createGrpcTransport({
    address: mesh.addresses.loms,
    services: [LomsService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 }),
    defaultTimeoutMs: 10_000,
  });
  close = opened.close;
  loms = createClient(LomsService, opened.transport);
  const receipts = [{ sku, warehouseId: 1n, quantity: 1_000 }];
  await loms.receiveStock({ idempotencyKey: "stock", receipts }, await as("seller"));
});

afterAll(async () => {
  close?.();
  await mesh?.stop();
});

let placed = 0;

/** A paid voucher of "owner". */
async function buy(): Promise<{ readonly orderId: bigint; readonly codes: readonly string[] }> {
  placed += 1;
  const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });
  const { orderId } = await loms.createOrder(
    {
      userId: ownerId,
      idempotencyKey: `voucher ${placed}`,
      workflow: "service",
      lines: [{ sku, quantity: 1, unitPrice: eur(3_000n) }],
      voucher: {
        serviceTimes: 3,
        unitPrice: eur(1_200n),
        validUntilTime: timestampFromDate(new Date(Date.now() + 3_600_000)),
        mobile,
      },
    },
    await as("platform"),
  );
  await loms.payOrder({ orderId }, await as("platform"));
  const { codes } = await loms.getVoucher({ orderId }, await as("owner"));
  return { orderId, codes: codes.map(({ code }) => code) };
}

async function refusalOf(call: Promise<unknown>): Promise<[Code, string | undefined]> {
  const error = ConnectError.from(
    await call.then(
      () => new Error("It succeeded."),
      (thrown) => thrown,
    ),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}

/** Codes that could be, and that nobody has: all end in the check digit of nine equal digits. */
async function guess(caller: Caller, digits: string): Promise<unknown> {
  for (let check = 0; check < 10; check += 1) {
    await loms.validateVoucherCode({ code: `${digits}${check}` }, await as(caller));
  }
  return undefined;
}

test("the buyer sees the digits and the number, over gRPC and over the gateway", async () => {
  const { orderId, codes } = await buy();
  expect(codes).toEqual(Array(3).fill(expect.stringMatching(/^[0-9]{10}$/)));
  const response = await fetch(
    `http://${mesh.addresses.gateway}/v1/orders/${orderId}/voucher`,
    await as("owner", "gateway"),
  );
  expect(response.headers.get("cache-control")).toBe("no-store");
  const body = (await response.json()) as { codes: { code: string }[]; terms: { mobile: string } };
  expect(body.codes.map(({ code }) => code)).toEqual(codes);
  expect(body.terms.mobile).toBe(mobile);
});

test("sellers and the platform see where the codes stand, and neither digits nor number", async () => {
  const { orderId, codes } = await buy();
  for (const caller of ["seller", "platform", "operator", "gateway"] as const) {
    const voucher = await loms.getVoucher({ orderId }, await as(caller));
    expect(voucher.codes.map(({ number, code }) => [number, code])).toEqual(
      [1, 2, 3].map((number) => [number, ""]),
    );
    expect(voucher.terms?.mobile).toBe("");
    const text = JSON.stringify(voucher, (_, value) => (typeof value === "bigint" ? `${value}` : value));
    expect(codes.some((code) => text.includes(code))).toBe(false);
  }
});

test("buyers can not use codes themselves, and strangers do not learn that there are any", async () => {
  const { orderId, codes } = await buy();
  for (const caller of ["owner", "other buyer"] as const) {
    const call = loms.validateVoucherCode({ code: codes[0]! }, await as(caller));
    expect((await refusalOf(call))[0]).toBe(Code.PermissionDenied);
  }
  const call = loms.getVoucher({ orderId }, await as("other buyer"));
  expect(await refusalOf(call)).toEqual([Code.NotFound, "ORDER_NOT_FOUND"]);
  const used = await loms.validateVoucherCode({ code: codes[0]!, sku }, await as("seller"));
  expect(used).toMatchObject({ message: "Validated Successfully!", orderId });
});

test("guesses count for each account by itself, also through the gateway", async () => {
  const { codes } = await buy();
  for (const digits of ["111111111", "222222222", "333333333", "444444444", "555555555"]) {
    await guess("operator", digits);
    await guess("operator", digits.replace(/.$/, "0"));
  }
  const limited = [Code.ResourceExhausted, "TOO_MANY_GUESSES"];
  const good = async (caller: Caller) => loms.validateVoucherCode({ code: codes[0]! }, await as(caller));
  expect(await refusalOf(good("operator"))).toEqual(limited);
  const response = await fetch(`http://${mesh.addresses.gateway}/v1/voucher-validations`, {
    method: "POST",
    headers: {
      ...(await headersOf(mesh.issuer, "operator", "gateway")),
      "content-type": "application/json",
      "idempotency-key": "guess",
    },
    body: JSON.stringify({ code: codes[0] }),
  });
  expect(response.status).toBe(429);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await good("seller")).toMatchObject({ message: "Validated Successfully!" });
});

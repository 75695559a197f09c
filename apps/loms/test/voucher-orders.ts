import { randomBytes } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import type { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { GetVoucherResponse } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import postgres from "postgres";
import type { LomsConfig } from "../src/config.ts";
import { type LomsHarness, startLomsHarness } from "./loms-harness.ts";

export const voucherSecret = randomBytes(32);

/** What is sold where a test says nothing else: five hair cuts for EUR 50.00, EUR 12.00 each if some are given back. */
export interface VoucherInput {
  readonly userId?: bigint;
  readonly serviceTimes?: number;
  readonly validForMs?: number;
  readonly anytimeRefund?: boolean;
  readonly expirationRefund?: boolean;
  readonly priceMinor?: bigint;
  readonly unitPriceMinor?: bigint;
  readonly mobile?: string;
}

export const sku = 7;

/** A LOMS that sells vouchers, and what counters and buyers do with them. */
export interface VoucherShop extends LomsHarness {
  readonly sql: postgres.Sql;
  /** An order that awaits payment. */
  place(input?: VoucherInput): Promise<bigint>;
  /** An order that is paid. */
  buy(input?: VoucherInput): Promise<bigint>;
  voucher(orderId: bigint): Promise<GetVoucherResponse>;
  /** Digits of all codes, by number. */
  codes(orderId: bigint): Promise<string[]>;
  /** What the counter shows. */
  show(code: string): Promise<string>;
  order(orderId: bigint): Promise<Order>;
  /** In the role; of the one item, if it is about that. */
  act(orderId: bigint, role: string, action: string): ReturnType<Client<typeof LomsService>["applyAction"]>;
  /** Actions of the history, after the two steps with which an order begins. */
  actions(orderId: bigint): Promise<string[]>;
}

let orderCount = 0;

export async function openVoucherShop(changes: Partial<LomsConfig> = {}): Promise<VoucherShop> {
  const harness = await startLomsHarness({ voucherSecret, ...changes });
  const { orders } = harness;
  const sql = postgres(harness.database.url, { max: 4, onnotice: () => {} });
  await orders.receiveStock({
    idempotencyKey: "receive",
    receipts: [{ sku, warehouseId: 1n, quantity: 100_000 }],
  });

  async function place(input: VoucherInput = {}): Promise<bigint> {
    orderCount += 1;
    const { userId = 1n, priceMinor = 5_000n, unitPriceMinor = 1_200n } = input;
    const eur = (amountMinor: bigint) => ({ currencyCode: "EUR", amountMinor });
    const { orderId } = await orders.createOrder({
      userId,
      idempotencyKey: `voucher ${orderCount}`,
      workflow: "service",
      lines: [{ sku, quantity: 1, name: "Hair cut", unitPrice: eur(priceMinor) }],
      voucher: {
        serviceTimes: input.serviceTimes ?? 5,
        unitPrice: eur(unitPriceMinor),
        validUntilTime: timestampFromDate(new Date(Date.now() + (input.validForMs ?? 3_600_000))),
        anytimeRefund: input.anytimeRefund ?? true,
        expirationRefund: input.expirationRefund ?? true,
        mobile: input.mobile ?? "+4915112345678",
      },
    });
    return orderId;
  }

  const voucher = (orderId: bigint) => orders.getVoucher({ orderId });

  return {
    ...harness,
    sql,
    place,
    async buy(input) {
      const orderId = await place(input);
      await orders.payOrder({ orderId });
      return orderId;
    },
    voucher,
    codes: async (orderId) => (await voucher(orderId)).codes.map(({ code }) => code),
    show: async (code) => (await orders.validateVoucherCode({ code })).message,
    order: async (orderId) => (await orders.getOrder({ orderId })).order!,
    act: (orderId, role, action) => orders.applyAction({ orderId, role, action }),
    async actions(orderId) {
      const { entries } = await orders.getHistory({ orderId, pageSize: 100 });
      return entries.slice(2).map(({ action }) => action);
    },
    async stop() {
      await sql.end({ timeout: 5 });
      await harness.stop();
    },
  };
}

/** What a call was refused with: the reason and the words. */
export async function refusalOf(call: Promise<unknown>): Promise<{ reason: string; message: string }> {
  const error = await call.then(
    () => {
      throw new Error("It was not refused.");
    },
    (thrown) => ConnectError.from(thrown),
  );
  const [info] = error.findDetails(ErrorInfoSchema);
  return { reason: info?.reason ?? "", message: error.message };
}

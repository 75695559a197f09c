import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { signPayload } from "@ordermesh/app-payments/domain/webhook-signature";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import {
  type Bill,
  type BillShare,
  SettlementKind,
  ShareState,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import {
  type MakeBillRequest,
  SplitByGuestSchema,
  SplitEvenlySchema,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { type GuestAtTable, type House, openHouse, serve, type Table } from "./table.ts";
import { startTablesHarness, type TablesHarness, type TablesHarnessOptions } from "./tables-harness.ts";

export const cards = {
  good: "4242424242424242",
  declined: "4000000000009995",
  slow: "4000000000000077",
  slowDeclined: "4000000000000101",
  silent: "4000000000000259",
  twice: "4000000000000341",
} as const;

/** A house with everything that paying needs. */
export interface PayingHouse {
  readonly harness: TablesHarness;
  readonly house: House;
  readonly loms: Client<typeof LomsService>;
  readonly payments: Client<typeof PaymentsService>;
  readonly paymentsSql: postgres.Sql<{ bigint: bigint }>;
  /** Has the provider tell late that it has captured what it had declined. */
  captureLate(shareId: bigint): Promise<void>;
  /** A table with guests, each of whom has been served what is told, and what was ordered for the table. */
  seat(...guests: readonly Meal[]): Promise<SeatedTable>;
  stop(): Promise<void>;
}

export interface Meal {
  readonly espressos?: number;
  readonly pastas?: number;
}

export interface SeatedTable extends Table {
  readonly guests: readonly GuestAtTable[];
  readonly orderIds: readonly bigint[];
  bill(split?: MakeBillRequest["split"], orderIds?: readonly bigint[]): Promise<Bill>;
  /** Pays a share with a test card. */
  pay(guest: GuestAtTable, share: BillShare, number?: string, key?: string): Promise<BillShare>;
  cash(share: BillShare): Promise<BillShare>;
  /** A share as it is now. */
  share(shareId: bigint): Promise<BillShare>;
  untilShare(shareId: bigint, state: ShareState): Promise<BillShare>;
  bills(): Promise<Bill[]>;
  statuses(): Promise<OrderStatus[]>;
}

export const byGuest: MakeBillRequest["split"] = { case: "byGuest", value: create(SplitByGuestSchema) };

export function evenly(shares: number): MakeBillRequest["split"] {
  return { case: "evenly", value: create(SplitEvenlySchema, { shares }) };
}

/** Quick enough for tests: a try is asked about after half a second. */
const hasty = { TABLES_SHARE_CHECK_AFTER_MS: "700", TABLES_RECOVERY_EVERY_MS: "50" };
const webhookSecret = "a secret that only tests and the sandbox know";
const hastyProvider = {
  PAYMENTS_WEBHOOK_SECRET: webhookSecret,
  PROVIDER_TIMEOUT_MS: "1500",
  PAYMENTS_RECOVERY_AFTER_MS: "2000",
  PAYMENTS_RECOVERY_EVERY_MS: "50",
  SANDBOX_DELAY_MS: "400",
};

export async function startPayingHouse(options: TablesHarnessOptions = {}): Promise<PayingHouse> {
  const harness = await startTablesHarness({
    neighbors: ["product", "loms", "payments"],
    ...options,
    environment: { ...hasty, ...options.environment },
    neighborEnvironment: { ...hastyProvider, ...options.neighborEnvironment },
  });
  const house = await openHouse(harness);
  const operator = await harness.issuer.userToken(1, ["platform"]);
  const loms = await harness.client(LomsService, operator, "loms");
  const payments = await harness.client(PaymentsService, operator, "payments");
  const paymentsSql = postgres(harness.databaseUrls.payments ?? "", {
    max: 2,
    onnotice: () => {},
    types: { bigint: postgres.BigInt },
  });
  return {
    harness,
    house,
    loms,
    payments,
    paymentsSql,
    async captureLate(shareId) {
      const [attempt] = await paymentsSql<{ key: string }[]>`
        update sandbox_captures set state = 'captured' where reference = ${`bill-share/${shareId}`} returning key`;
      const body = JSON.stringify({
        id: `evt_late_${shareId}`,
        type: "capture.succeeded",
        key: attempt!.key,
      });
      const signature = signPayload(webhookSecret, Math.floor(Date.now() / 1000), Buffer.from(body));
      const response = await fetch(`http://${harness.addresses.payments}/webhooks/sandbox`, {
        method: "POST",
        headers: { "ordermesh-sandbox-signature": signature },
        body,
      });
      if (!response.ok) {
        throw new Error(`The webhook answered ${response.status}.`);
      }
    },
    seat: (...meals) => seat(house, meals),
    async stop() {
      await paymentsSql.end();
      await harness.stop();
    },
  };
}

async function seat(house: House, meals: readonly Meal[]): Promise<SeatedTable> {
  const table = await house.open();
  const { sessionId } = table;
  const guests: GuestAtTable[] = [];
  for (const index of meals.keys()) {
    guests.push(await table.join(`Guest ${index + 1}`));
  }
  const orderIds: bigint[] = [];
  for (const [index, { espressos = 0, pastas = 0 }] of meals.entries()) {
    const guest = guests[index]!;
    for (const [sku, quantity] of [
      [house.espresso, espressos],
      [house.pasta, pastas],
    ] as const) {
      if (quantity > 0) {
        const orderId = await guest.order(sku, quantity);
        await serve(house.staff, sessionId, orderId);
        orderIds.push(orderId);
      }
    }
  }
  const session = async () => (await house.staff.getSession({ sessionId })).session!;
  const seated: SeatedTable = {
    ...table,
    guests,
    orderIds,
    async bill(split = byGuest, only = []) {
      return (await house.staff.makeBill({ sessionId, split, orderIds: [...only] })).bill!;
    },
    async pay(guest, { shareId }, number = cards.good, idempotencyKey = randomUUID()) {
      const paymentMethod = await tokenOf(guest, sessionId, number);
      return (await guest.client.payShare({ sessionId, shareId, paymentMethod, idempotencyKey })).share!;
    },
    async cash({ shareId }) {
      const { share } = await house.staff.settleShare({ sessionId, shareId, kind: SettlementKind.CASH });
      return share!;
    },
    async share(shareId) {
      const shares = (await session()).bills.flatMap((bill) => bill.shares);
      return shares.find((share) => share.shareId === shareId)!;
    },
    untilShare: (shareId, state) =>
      eventually(async () => {
        const share = await seated.share(shareId);
        if (share.state !== state) {
          throw new Error(`It is ${ShareState[share.state]} (${share.declineCode}).`);
        }
        return share;
      }),
    bills: async () => (await session()).bills,
    statuses: async () => (await session()).orders.map(({ status }) => status),
  };
  return seated;
}

/** What the provider makes of a guest's card. */
export async function tokenOf({ client }: GuestAtTable, sessionId: bigint, number: string): Promise<string> {
  const expiryYear = new Date().getUTCFullYear() + 1;
  const card = { number, expiryMonth: 12, expiryYear, code: "123" };
  const { paymentMethod } = await client.createGuestPaymentMethod({ sessionId, card });
  return paymentMethod!.paymentMethodToken;
}

/** What the provider's own books say about a share: captures, and what of them was kept. */
export async function ledgerOf(
  sql: PayingHouse["paymentsSql"],
  shareId: bigint,
): Promise<{ captures: number; kept: bigint }> {
  const reference = `bill-share/${shareId}`;
  const [row] = await sql<{ captures: number; kept: bigint }[]>`
    select count(*)::int as captures, (coalesce(sum(c.amount_minor), 0) - coalesce(sum(
      (select sum(r.amount_minor) from sandbox_refunds r where r.capture_key = c.key)), 0))::bigint as kept
    from sandbox_captures c where state = 'captured' and reference = ${reference}`;
  return row!;
}

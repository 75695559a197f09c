import { randomInt, randomUUID } from "node:crypto";
import type { Client } from "@connectrpc/connect";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TableAction, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { TablesHarness } from "./tables-harness.ts";

export type TablesClient = Client<typeof TablesService>;

/** A location with a menu, and its owner. */
export interface House {
  readonly locationId: bigint;
  readonly ownerId: number;
  readonly staff: TablesClient;
  readonly places: Client<typeof LocationsService>;
  /** On the menu: 250 and 1,100 minor units. */
  readonly espresso: number;
  readonly pasta: number;
  open(name?: string): Promise<Table>;
}

/** An open session. */
export interface Table {
  readonly sessionId: bigint;
  readonly code: string;
  readonly link: string;
  join(nickname: string): Promise<GuestAtTable>;
}

export interface GuestAtTable {
  readonly guestId: bigint;
  readonly token: string;
  readonly client: TablesClient;
  order(sku: number, quantity?: number, key?: string): Promise<bigint>;
}

export const { ACCEPT, CANCEL, DECLINE, PREPARE, SERVE } = TableAction;

let houses = 0;

/** Call options of somebody at an address from which nobody else has called. */
export function fromElsewhere() {
  const part = () => randomInt(1, 255);
  return { headers: { "x-forwarded-for": `10.${part()}.${part()}.${part()}` } };
}

export async function openHouse(harness: TablesHarness, ownerId?: number): Promise<House> {
  houses += 1;
  const owner = ownerId ?? 1_000 + houses;
  const token = await harness.sellerToken(owner);
  const staff = await harness.client(TablesService, token);
  const anybody = await harness.client(TablesService);
  const places = await harness.client(LocationsService, token);
  const { location } = await places.createLocation({
    location: { name: `House ${houses} ${randomUUID()}`, address: `Street ${randomUUID()}` },
  });
  const locationId = location?.locationId ?? 0n;
  const item = async (name: string, amountMinor: bigint) => {
    const price = { currencyCode: "EUR", amountMinor };
    return (await places.upsertMenuItem({ locationId, item: { name, price } })).item?.sku ?? 0;
  };
  const [espresso, pasta] = [await item("Espresso", 250n), await item("Pasta", 1_100n)];

  return {
    locationId,
    ownerId: owner,
    staff,
    places,
    espresso,
    pasta,
    async open(name = `Table ${randomUUID()}`) {
      const { session, link } = await staff.openSession({ locationId, name });
      const { sessionId = 0n, code = "" } = session ?? {};
      return {
        sessionId,
        code,
        link,
        async join(nickname) {
          const joined = await anybody.joinSession(
            { invitation: { case: "link", value: link }, nickname },
            fromElsewhere(),
          );
          const client = await harness.client(TablesService, joined.guestToken);
          return {
            guestId: joined.guest?.guestId ?? 0n,
            token: joined.guestToken,
            client,
            async order(sku, quantity = 1, idempotencyKey = randomUUID()) {
              const { order } = await client.placeOrder({
                sessionId,
                lines: [{ sku, quantity }],
                idempotencyKey,
              });
              return order?.orderId ?? 0n;
            },
          };
        },
      };
    },
  };
}

/** Takes an order to the table. */
export async function serve(staff: TablesClient, sessionId: bigint, orderId: bigint): Promise<void> {
  for (const action of [ACCEPT, PREPARE, SERVE]) {
    await staff.actOnOrder({ sessionId, orderId, action });
  }
}

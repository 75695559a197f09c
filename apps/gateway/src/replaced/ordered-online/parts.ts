import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import type { Location } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { createSealer } from "@ordermesh/sealing/sealer";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { Transports } from "../../upstream-clients.ts";
import type { CompatCalls } from "./compat-route.ts";
import { asPart } from "./reasons.ts";
import { createSessionKeys, type SessionKeys } from "./session-keys.ts";
import type { CompatUser } from "./users.ts";

interface TableClients {
  readonly locations: Client<typeof LocationsService>;
  readonly tables: Client<typeof TablesService>;
}

/** By whom a call is made: with a token that is passed on, or by clients that have one of the gateway's own. */
export interface Acting extends TableClients {
  readonly authorization: string | undefined;
}

/** What the routes of ordered-online are made of. */
export interface OrderedOnlineParts extends TableClients {
  readonly identity: Client<typeof IdentityService>;
  readonly products: Client<typeof ProductService>;
  readonly database: Database;
  readonly secret: Uint8Array | undefined;
  readonly keys: SessionKeys;
  /** Whether what that system asked no token for is done without one. */
  readonly isOpen: boolean;
  readonly allowedOrigins: ReadonlySet<string>;
  /** Calls with the gateway's own token. */
  readonly asGateway: Acting;
  /**
   * For the staff of a location. There everybody could own one; here that takes the role of a seller, unless the gateway
   * is open: then it calls with its own token, for locations of which its routes have seen to it that they are the user's.
   */
  staffOf(user: CompatUser): Acting;
}

export function createOrderedOnlineParts(options: {
  readonly transports: Transports;
  readonly tablesAsGateway: Transport;
  readonly database: Database;
  readonly secret: Uint8Array | undefined;
  readonly isOpen: boolean;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly logger: Logger;
}): OrderedOnlineParts {
  const { transports, tablesAsGateway, database, secret, isOpen, allowedOrigins, logger } = options;
  const identity = createClient(IdentityService, transports.identity);
  const clients = clientsOf(transports.tables);
  const asGateway = { ...clientsOf(tablesAsGateway), authorization: undefined };
  const sealer = secret && createSealer(secret, "session keys");
  return {
    ...clients,
    identity,
    products: createClient(ProductService, transports.product),
    database,
    secret,
    keys: createSessionKeys({ database, identity, sealer, logger }),
    isOpen,
    allowedOrigins,
    asGateway,
    staffOf: ({ authorization }) => (isOpen ? asGateway : { ...clients, authorization }),
  };
}

function clientsOf(transport: Transport): TableClients {
  return {
    locations: createClient(LocationsService, transport),
    tables: createClient(TablesService, transport),
  };
}

/** Undefined if there is none. @throws Refusal `locations_service_unavailable`. */
export async function findLocation(
  { locations }: OrderedOnlineParts,
  calls: CompatCalls,
  locationId: bigint,
): Promise<Location | undefined> {
  return await asPart("locations", {}, async () => {
    try {
      const { location } = await calls.call("tables", undefined, (call) =>
        locations.getLocation({ locationId }, call),
      );
      return location;
    } catch (error) {
      if (error instanceof Failure && (error.kind === "not_found" || error.kind === "invalid_argument")) {
        return undefined;
      }
      throw error;
    }
  });
}

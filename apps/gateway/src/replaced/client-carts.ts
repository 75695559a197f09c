import type { JsonValue } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Exchange, GatewayRoute } from "../exchange.ts";
import { type Answer, jsonAnswer } from "../rest/answer.ts";
import { parseJsonBody } from "../rest/json-body.ts";
import type { Route } from "../rest/route-table.ts";
import { addClient, findSku, findUser } from "../sql/aliases.ts";
import { checkOutCart } from "./check-out-cart.ts";
import type { CardInput } from "./pay-with-card.ts";
import type { createUserRoutes, ReplacedClients, UserCalls } from "./user-calls.ts";

/** Client ids that one user may have. */
const clientsMax = 1_000;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What could not be done for a reason that the client can understand, which AngelProj answered with 200. */
const businessKinds: ReadonlySet<string> = new Set([
  "not_found",
  "failed_precondition",
  "aborted",
  "already_exists",
  "invalid_argument",
]);

/** The routes of AngelProj: carts of clients, by UUID. */
export function clientCartRoutes(options: {
  readonly clients: ReplacedClients;
  readonly userRoute: ReturnType<typeof createUserRoutes>;
  readonly database: Database;
  /** With what a checkout is paid. */
  readonly card: CardInput;
}): Route<GatewayRoute>[] {
  const { clients, userRoute, database, card } = options;

  async function add(calls: UserCalls, clientId: string, productId: string, quantity: number): Promise<void> {
    await checkClient(database, clientId, calls.userId);
    const sku = await database.read((db) => findSku(db, productId));
    if (sku === undefined) {
      throw new Failure("not_found", `No items found for product ${productId}`, {
        reason: "PRODUCT_NOT_FOUND",
      });
    }
    await calls.call("checkout", (call) =>
      clients.carts.increaseInCart({ userId: calls.userId, sku, quantity }, call),
    );
  }

  return [
    {
      method: "POST",
      path: "/addToCart",
      target: userRoute("POST /addToCart", true, async (calls, exchange) => {
        const { clientID, productID, quantity } = payloadOf(exchange);
        if (!isUuid(clientID) || !isUuid(productID) || !isQuantity(quantity)) {
          return invalidPayload();
        }
        return await resultOf(() => add(calls, clientID, productID, quantity));
      }),
    },
    {
      method: "POST",
      path: "/checkOutCart",
      target: userRoute("POST /checkOutCart", true, async (calls, exchange) => {
        const { clientID } = payloadOf(exchange);
        if (!isUuid(clientID)) {
          return invalidPayload();
        }
        return await resultOf(async () => {
          await checkClient(database, clientID, calls.userId);
          await checkOutCart({ database, clients, calls, clientId: clientID, card });
        });
      }),
    },
  ];
}

/**
 * A client id belongs to the user who uses it first. That system knew no users: whoever knew the id was the client.
 *
 * @throws Failure `not_found` if it is somebody else's.
 */
async function checkClient(database: Database, clientId: string, userId: bigint): Promise<void> {
  let owner = await database.read((db) => findUser(db, clientId));
  if (owner === undefined) {
    owner = await database.transaction(async (tx) => {
      await addClient(tx, clientId, userId, clientsMax);
      return await findUser(tx, clientId);
    });
  }
  if (owner !== userId) {
    throw new Failure("not_found", `There is no client ${clientId} of yours`, { reason: "CLIENT_NOT_FOUND" });
  }
}

/** A refusal is an answer like success; only what concerns the platform itself is an error. */
async function resultOf(work: () => Promise<void>): Promise<Answer> {
  try {
    await work();
    return jsonAnswer(200, JSON.stringify({ status: "Success", error: "" }), "ok");
  } catch (error) {
    if (error instanceof Failure && businessKinds.has(error.kind)) {
      // No code, so that it is not kept: the same request may succeed a moment later.
      return jsonAnswer(200, JSON.stringify({ status: "Failed", error: error.message }));
    }
    throw error;
  }
}

function payloadOf({ request, body }: Exchange): Readonly<Record<string, JsonValue | undefined>> {
  const parsed = parseJsonBody(request.headers["content-type"], body);
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : {};
}

/** As the framework of that system answered. */
function invalidPayload(): Answer {
  const body = { statusCode: 400, error: "Bad Request", message: "Invalid request payload input" };
  return jsonAnswer(400, JSON.stringify(body));
}

function isUuid(value: JsonValue | undefined): value is string {
  return typeof value === "string" && uuidPattern.test(value);
}

function isQuantity(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 1_000_000;
}

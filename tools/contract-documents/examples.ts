import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { enumNames, type Json, rulesOf, scalarSchema } from "./scalar-schemas.ts";

/** Values that make sense beside each other, by the name of the field, or of its message and the field. */
const examples: Readonly<Record<string, unknown>> = {
  "GetWorkflowRequest.name": "product",
  "JoinSessionRequest.code": "K7WPXE",
  "LineAttribute.name": "color",
  "LineAttribute.value": "red",
  "InvariantCheck.claim": "0 ≤ reserved ≤ on hand",
  "InvariantCheck.invariant": "I1",
  "Location.name": "Café am Markt",
  "MenuItem.name": "Espresso",
  "OpenSessionRequest.name": "Table 7",
  "Product.locationId": "0",
  "RenderQrResponse.code": "K7WPXE",
  "ReplicaFigures.callsPerSecond": 12.5,
  "ReplicaFigures.errorsPerMinute": 0.5,
  "ReplicaFigures.eventLoopLagP99Ms": 11.2,
  "ReplicaFigures.p99Ms": 7.1,
  "ReplicaFigures.version": "0.1.0",
  "RotateInvitationResponse.code": "K7WPXE",
  "SessionOrderLine.name": "Espresso",
  "TableSession.code": "K7WPXE",
  "TableSession.name": "Table 7",
  "WatchedTopic.name": "orders",
  "Workflow.name": "product",
  "WorkflowMachine.name": "order",
  "WorkflowState.code": "FP",
  "WorkflowState.name": "paid",
  "WorkflowTimer.name": "seller_no_response",
  accessToken: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl",
  action: "ship the order",
  actor: "user:1009",
  address: "Markt 1, 01067 Dresden",
  amountMinor: "1299",
  attempts: 1,
  available: 40,
  carrier: "DHL",
  cartVersion: "3",
  city: "Berlin",
  closes: "23:00",
  count: 100,
  countryCode: "DE",
  currencyCode: "EUR",
  cursor: "",
  distanceMeters: 370.08,
  email: "ada@example.com",
  emailAddress: "buyer@example.com",
  eventType: "ordermesh.events.v1.OrderPaid",
  event: "order_shipped",
  firstName: "Ada",
  guestToken: "guest_Zk0v3mO1yQ8n7bXw5tL2rJ4dH6gF9sA1pC3eU0iY7kM",
  idempotencyKey: "order-2026-11-21-0001",
  itemSku: 1076963,
  known: true,
  lastName: "Lovelace",
  latitude: 51.0250869,
  link: "https://order.example.com/t/K7WPXE#5pW1nXc0y2sJrT8uQ4vLbA",
  locationId: "1",
  longitude: 13.7210005,
  method: "card",
  mobile: "+4915112345678",
  name: "Oak Lamp, small",
  nextPageToken: "",
  nickname: "Ada",
  onHand: 42,
  opens: "11:30",
  orderId: "42",
  pageSize: 50,
  pageToken: "",
  password: "ordermesh-demo",
  pictureUrls: ["https://example.com/scratch.jpg"],
  postalCode: "10115",
  quantity: 2,
  query: "lamp",
  recipient: "Ada Lovelace",
  reserved: 2,
  role: "S",
  roles: ["buyer"],
  sku: 1076963,
  stateCode: "FS",
  timer: "seller_no_response",
  trackingNumber: "JD014600003829",
  ttl: "900s",
  unavailable: false,
  userId: "1000",
  username: "buyer",
  version: 2,
  warehouseId: "220",
  webhookUrl: "https://example.com/hooks/orders",
  workflow: "product",
};

const exampleTime = "2026-11-21T12:00:00Z";

/** An example of a message as JSON: what the contract allows, and not more than one element of each list. */
export function exampleOf(
  type: DescMessage,
  isLeftOut: (field: DescField) => boolean = () => false,
  depth = 0,
): Json {
  const oneofsTaken = new Set<string>();
  const example: Json = {};
  for (const field of type.fields) {
    const alternative = field.oneof !== undefined && oneofsTaken.has(field.oneof.name);
    if (isLeftOut(field) || alternative || depth > 4) {
      continue;
    }
    if (field.oneof !== undefined) {
      oneofsTaken.add(field.oneof.name);
    }
    const value = exampleOfField(field, depth);
    if (value !== undefined) {
      example[field.jsonName] = value;
    }
  }
  return example;
}

/** An example of one field. */
export function exampleOfField(field: DescField, depth = 0): unknown {
  const known = knownExample(field, field.jsonName);
  if (known !== undefined && (field.fieldKind === "list") === Array.isArray(known)) {
    return known;
  }
  const element = exampleOfElement(field, depth);
  return field.fieldKind === "list" ? [element] : element;
}

function exampleOfElement(field: DescField, depth: number): unknown {
  if (field.enum !== undefined) {
    const rules = rulesOf(field);
    const names = enumNames(field.enum, rules?.type.case === "repeated" ? rules.type.value.items : rules);
    return names.find((name) => !name.endsWith("_UNSPECIFIED")) ?? names[0];
  }
  if (field.message !== undefined) {
    switch (field.message.typeName) {
      case "google.protobuf.Timestamp":
        return exampleTime;
      case "google.protobuf.Duration":
        return "600s";
      default:
        return exampleOf(field.message, undefined, depth + 1);
    }
  }
  return exampleOfScalar(field);
}

function exampleOfScalar(field: DescField): unknown {
  const singular = knownExample(field, field.jsonName.replace(/s$/, ""));
  if (field.fieldKind === "list" && singular !== undefined) {
    return singular;
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return false;
    case ScalarType.STRING:
      return textExample(field);
    case ScalarType.BYTES:
      return "";
    case ScalarType.UINT32:
    case ScalarType.INT32:
      return smallest(field);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 1;
    default:
      return "1";
  }
}

const texts64 = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
]);

/** Two fields of one name may differ in their size, and with it in how their numbers are written. */
function knownExample(field: DescField, name: string): unknown {
  if (field.message !== undefined || field.enum !== undefined) {
    return undefined;
  }
  const known = examples[`${field.parent.name}.${name}`] ?? examples[name];
  const is64 = field.scalar !== undefined && texts64.has(field.scalar);
  return typeof known === "number" && is64 ? `${known}` : known;
}

function smallest(field: DescField): number {
  const { minimum = 1 } = scalarSchema(ScalarType.UINT32, rulesOf(field)) as { minimum?: number };
  return Math.max(1, minimum);
}

function textExample(field: DescField): string {
  const rules = rulesOf(field);
  const minLength = rules?.type.case === "string" ? Number(rules.type.value.minLen) : 0;
  return field.jsonName.padEnd(minLength, "x");
}

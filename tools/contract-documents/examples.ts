import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { enumNames, type Json, rulesOf, scalarSchema } from "./scalar-schemas.ts";

/** Values that make sense beside each other, by the name of the field. */
const examples: Readonly<Record<string, unknown>> = {
  accessToken: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl",
  amountMinor: "1299",
  attempts: 1,
  available: 40,
  cartVersion: "3",
  count: 100,
  currencyCode: "EUR",
  cursor: "",
  emailAddress: "buyer@example.com",
  eventType: "ordermesh.events.v1.OrderPaid",
  idempotencyKey: "order-2026-11-21-0001",
  known: true,
  locationId: "0",
  method: "card",
  name: "Oak Lamp, small",
  nextPageToken: "",
  onHand: 42,
  orderId: "42",
  pageSize: 50,
  pageToken: "",
  password: "ordermesh-demo",
  quantity: 2,
  query: "lamp",
  reserved: 2,
  roles: ["buyer"],
  sku: 1076963,
  ttl: "900s",
  unavailable: false,
  userId: "1000",
  username: "buyer",
  version: 2,
  warehouseId: "220",
  webhookUrl: "https://example.com/hooks/orders",
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
  const known = examples[name];
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

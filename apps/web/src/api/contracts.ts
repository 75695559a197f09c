import { type DescField, type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "@ordermesh/proto/google/api/annotations_pb";
import type { HttpRule } from "@ordermesh/proto/google/api/http_pb";
import { type Rule, rule } from "@ordermesh/proto/ordermesh/auth/v1/rule_pb";
import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { VerificationService } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { feedContract } from "../feed/feed-contract.ts";

/** A call that the gateway takes, as its contract says. */
export interface ApiMethod {
  /** "ordermesh.loms.v1.LomsService/GetOrder". */
  readonly path: string;
  readonly name: string;
  /** As the OpenAPI document calls it. */
  readonly operationId: string;
  readonly isStream: boolean;
  /** Who may call it. */
  readonly who: string;
  readonly isPublic: boolean;
  readonly routes: readonly ApiRoute[];
  readonly fields: readonly ApiField[];
}

export interface ApiRoute {
  readonly verb: string;
  readonly path: string;
}

export interface ApiField {
  /** As in JSON: "pageSize". */
  readonly name: string;
  readonly type: string;
}

export interface ApiService {
  /** "ordermesh.loms.v1.LomsService". */
  readonly typeName: string;
  readonly methods: readonly ApiMethod[];
}

/** Those that the gateway passes on or answers itself. */
const services: readonly DescService[] = [
  IdentityService,
  ProductService,
  CheckoutService,
  CheckoutAdminService,
  LomsService,
  InventoryService,
  PaymentsService,
  NotificationsService,
  LocationsService,
  TablesService,
  feedContract,
  OperationsService,
  VerificationService,
];

/** By their numbers in descriptor.proto; 64-bit numbers are texts in JSON. */
const scalarNames: readonly (string | undefined)[] = [
  undefined,
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  undefined,
  undefined,
  "bytes",
  "uint32",
  undefined,
  "sfixed32",
  "sfixed64",
  "sint32",
  "sint64",
];

export const apiServices: readonly ApiService[] = services.map((service) => ({
  typeName: service.typeName,
  methods: service.methods.map(apiMethod),
}));

function apiMethod(method: DescMethod): ApiMethod {
  const allowed = hasOption(method, rule) ? getOption(method, rule) : undefined;
  return {
    path: `${method.parent.typeName}/${method.name}`,
    name: method.name,
    operationId: `${method.parent.name}_${method.name}`,
    isStream: method.methodKind !== "unary",
    who: whoMay(allowed),
    isPublic: allowed?.public ?? false,
    routes: hasOption(method, http) ? routesOf(getOption(method, http)) : [],
    fields: method.input.fields.map((field) => ({ name: field.jsonName, type: typeOf(field) })),
  };
}

/** "buyer, seller; services gateway". */
export function whoMay(allowed: Pick<Rule, "public" | "roles" | "services"> | undefined): string {
  if (allowed === undefined) {
    return "nobody";
  }
  if (allowed.public) {
    return "anybody";
  }
  const others = allowed.services.length === 0 ? [] : [`services ${allowed.services.join(", ")}`];
  return [...(allowed.roles.length === 0 ? [] : [allowed.roles.join(", ")]), ...others].join("; ");
}

export function routesOf({ pattern, additionalBindings }: HttpRule): readonly ApiRoute[] {
  const own = pattern.case === undefined ? [] : [{ verb: pattern.case.toUpperCase(), path: pattern.value }];
  return [...own, ...additionalBindings.flatMap(routesOf)];
}

function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return `${elementOf(field)}[]`;
    case "map":
      return `{ key: ${elementOf(field)} }`;
    default:
      return elementOf(field);
  }
}

function elementOf(field: DescField): string {
  const { message, enum: enumeration, scalar } = field;
  return message?.name ?? enumeration?.name ?? scalarNames[scalar ?? 0] ?? "value";
}

/** The calls in whose names, routes, roles or words something is. A service without any is left out. */
export function findMethods(
  text: string,
  documents: Readonly<Record<string, string>>,
): readonly ApiService[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return apiServices.flatMap((service) => {
    const methods = service.methods.filter((method) => {
      const all = [
        method.path,
        method.who,
        ...method.routes.map(({ verb, path }) => `${verb} ${path}`),
        documents[method.operationId] ?? "",
      ]
        .join(" ")
        .toLowerCase();
      return words.every((word) => all.includes(word));
    });
    return methods.length === 0 ? [] : [{ ...service, methods }];
  });
}

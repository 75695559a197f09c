import { readdirSync } from "node:fs";
import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { CheckoutV1 } from "@ordermesh/proto/checkout_v1/checkout_pb";
import { CheckoutService, ListCartRequestSchema } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { BatchCreateOrdersRequestSchema, LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import {
  NotificationsService,
  SetPreferencesRequestSchema,
} from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { GetProductRequestSchema } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { expect, test } from "vitest";
import { type MethodRule, methodName, ruleOf } from "./method-rule.ts";
import { findSelfField, limitToUser } from "./self-field.ts";

const generated = new URL("../../../proto/gen/ordermesh/", import.meta.url);

/** Every service of our own contracts, also those that were added after this was written. */
async function allServices(): Promise<DescService[]> {
  const files = readdirSync(generated, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("_pb.ts"),
  );
  const modules = await Promise.all(files.map((file) => import(new URL(file, generated).href)));
  return modules.flatMap((module: object) =>
    Object.values(module).filter((value): value is DescService => value?.kind === "service"),
  );
}

test("every RPC of our contracts has a rule", async () => {
  const methods = (await allServices()).flatMap((service) => service.methods);
  expect(methods.length).toBeGreaterThan(30);
  const problems = methods.flatMap((method) => {
    try {
      ruleOf(method);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
  expect(problems).toEqual([]);
});

test("what names no user is public, owned, or none of a buyer's business", async () => {
  const methods = (await allServices()).flatMap((service) => service.methods);
  const unprotected = methods.filter((method) => {
    const { public: open, selfField = "", owned, roles = [] } = ruleOf(method);
    return !open && selfField === "" && owned !== true && roles.includes("buyer");
  });
  // One looks at stock, one at the caller itself. Whatever joins them has to be thought about.
  expect(unprotected.map(methodName).sort()).toEqual([
    "ordermesh.identity.v1.IdentityService/GetMe",
    "ordermesh.loms.v1.InventoryService/GetAvailability",
  ]);
});

const addToCart: DescMethod = CheckoutV1.method.addToCart;
const name = "checkout_v1.CheckoutV1/AddToCart";

test("a rule that is missing or contradicts itself is refused", () => {
  const refused: [MethodRule | undefined, string][] = [
    [undefined, "has no rule"],
    [{}, "nobody may call"],
    [{ public: false, owned: true }, "nobody may call"],
    [{ public: true, roles: ["buyer"] }, "public and restricted"],
    [{ public: true, owned: true }, "public and restricted"],
    [{ roles: ["admin"] }, 'the role "admin"'],
    [{ roles: ["service"] }, 'the role "service"'],
    [{ roles: ["buyer"], selfField: "userid" }, 'self_field "userid"'],
    [{ roles: ["buyer"], selfField: "sku" }, 'self_field "sku"'],
    [{ roles: ["buyer"], selfField: "user", actForOthers: ["operator"] }, "that may not call it"],
  ];
  for (const [rule, problem] of refused) {
    expect(() => ruleOf(addToCart, rule === undefined ? {} : { [name]: rule })).toThrow(problem);
  }
  const good: MethodRule = { roles: ["buyer"], selfField: "user" };
  expect(ruleOf(addToCart, { [name]: good })).toBe(good);
});

test("a table does not replace what a contract states", () => {
  const rule = ruleOf(CheckoutService.method.listCart, {
    "ordermesh.checkout.v1.CheckoutService/ListCart": { public: true },
  });
  expect(rule.public).toBe(false);
});

test("finds the field that names the user, wherever it is", () => {
  expect(findSelfField(ListCartRequestSchema, "user_id")).toMatchObject({ parents: [], property: "userId" });
  expect(findSelfField(SetPreferencesRequestSchema, "preferences.user_id")).toMatchObject({
    parents: ["preferences"],
  });
  expect(findSelfField(SetPreferencesRequestSchema, "preferences.nobody")).toBeUndefined();
  expect(findSelfField(SetPreferencesRequestSchema, "preferences")).toBeUndefined();
  expect(findSelfField(GetProductRequestSchema, "sku")).toBeUndefined();
  expect(LomsService.method.batchCreateOrders.input).toBe(BatchCreateOrdersRequestSchema);
  expect(NotificationsService.method.setPreferences.input).toBe(SetPreferencesRequestSchema);
});

test("an empty field becomes the caller, also in each of a list; another user is not found", () => {
  const cart = create(ListCartRequestSchema);
  limitToUser(findSelfField(ListCartRequestSchema, "user_id")!, cart, 7n);
  expect(cart.userId).toBe(7n);

  const field = findSelfField(BatchCreateOrdersRequestSchema, "orders.user_id")!;
  const batch = create(BatchCreateOrdersRequestSchema, { orders: [{}, { userId: 7n }, {}] });
  limitToUser(field, batch, 7n);
  expect(batch.orders.map(({ userId }) => userId)).toEqual([7n, 7n, 7n]);
  const foreign = create(BatchCreateOrdersRequestSchema, { orders: [{ userId: 7n }, { userId: 8n }] });
  expect(() => limitToUser(field, foreign, 7n)).toThrow("no user 8 for whom you may act");
  expect(() => limitToUser(field, create(BatchCreateOrdersRequestSchema), 7n)).not.toThrow();

  const nested = findSelfField(SetPreferencesRequestSchema, "preferences.user_id")!;
  expect(() => limitToUser(nested, create(SetPreferencesRequestSchema), 7n)).not.toThrow();
  const negative = create(SetPreferencesRequestSchema, { preferences: { userId: -7n } });
  expect(() => limitToUser(nested, negative, 7n)).toThrow("no user -7");
});

import { expect, test } from "vitest";
import { apiServices, findMethods, whoMay } from "./contracts.ts";
import { documentsOf } from "./documents.ts";
import { callLine, snippetsOf, tokenLines } from "./snippets.ts";

const addresses = { origin: "http://10.0.0.7:8080", loms: "10.0.0.7:50051" };
const methods = apiServices.flatMap((service) => service.methods);
const methodOf = (path: string) => methods.find((method) => method.path === path);

test("every call says who may and how it is reached", () => {
  expect(methods.length).toBeGreaterThan(80);
  expect(methods.filter(({ who }) => who === "nobody")).toEqual([]);
  expect(methodOf("ordermesh.product.v1.ProductService/ListProducts")).toMatchObject({
    who: "anybody",
    isPublic: true,
    isStream: false,
    routes: expect.arrayContaining([{ verb: "GET", path: "/v1/products" }]),
    fields: expect.arrayContaining([{ name: "pageSize", type: "uint32" }]),
  });
  expect(methodOf("ordermesh.notifications.v1.NotificationsService/WatchNotifications")?.isStream).toBe(true);
  expect(methodOf("ordermesh.operations.v1.OperationsService/RedriveDeadLetters")).toMatchObject({
    who: "platform, operator",
    routes: [{ verb: "POST", path: "/v1/operations/dead-letters/redrive" }],
    fields: [
      { name: "service", type: "string" },
      { name: "group", type: "string" },
      { name: "ids", type: "string[]" },
    ],
  });
  expect(whoMay({ public: false, roles: ["buyer"], services: ["checkout"] })).toBe(
    "buyer; services checkout",
  );
  expect(whoMay(undefined)).toBe("nobody");
});

test("calls are found by name, route, role and what is written about them", () => {
  const names = (text: string, documents = {}) =>
    findMethods(text, documents).flatMap((service) => service.methods.map(({ name }) => name));
  expect(names("").length).toBe(methods.length);
  expect(names("redrive")).toEqual(["RedriveDeadLetters"]);
  expect(names("post /v1/timers")).toEqual([]);
  expect(names("get /v1/timers")).toEqual(["ListTimers"]);
  expect(names("towels", { LomsService_GetOrder: "An order of towels." })).toEqual(["GetOrder"]);
  expect(names("no such thing")).toEqual([]);
});

test("what the contracts say is read from the OpenAPI document, without what it adds", () => {
  const description = "Sets how many.\n\nMore of it.\n\nFor users with one of these roles: buyer.";
  expect(
    documentsOf({
      tags: [{ name: "loms.v1.LomsService", description: "Orders." }],
      paths: { "/v1/cart": { put: { operationId: "CheckoutService_AddToCart", description } } },
    }),
  ).toEqual({ "loms.v1.LomsService": "Orders.", CheckoutService_AddToCart: "Sets how many.\n\nMore of it." });
  expect(documentsOf({})).toEqual({});
});

test("the lines to paste have this installation's own addresses", () => {
  const texts = snippetsOf(addresses).map(({ text }) => text);
  expect(texts.every((text) => text.includes("10.0.0.7"))).toBe(true);
  expect(texts.join("\n")).not.toMatch(/localhost|127\.0\.0\.1/);
  expect(tokenLines(addresses, { name: "buyer", password: "secret" })).toContain('"username":"buyer"');
  expect(callLine(addresses, { path: "a.B/C", isPublic: true, isStream: false })).toBe(
    "curl -sS -H 'content-type: application/json' -d '{}' \\\n  http://10.0.0.7:8080/a.B/C",
  );
  expect(callLine(addresses, { path: "a.B/C", isPublic: false, isStream: true })).toContain("buf curl");
});

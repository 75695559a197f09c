import { expect, test } from "vitest";
import { createRouteTable } from "./route-table.ts";

const table = createRouteTable([
  { method: "GET", path: "/v1/orders", target: "list" },
  { method: "POST", path: "/v1/orders", target: "create" },
  { method: "GET", path: "/v1/orders/{order_id}", target: "get" },
  { method: "GET", path: "/v1/orders/open", target: "open" },
  { method: "POST", path: "/v1/orders/{order_id}/pay", target: "pay" },
  { method: "DELETE", path: "/v1/orders/{order_id}/lines/{line.sku}", target: "delete line" },
]);

test("a literal is preferred to a variable, and gone back from where it leads nowhere", () => {
  expect(table.find("GET", "/v1/orders/open")).toMatchObject({ target: "open", variables: {} });
  expect(table.find("GET", "/v1/orders/42")).toMatchObject({ target: "get", variables: { order_id: "42" } });
  expect(table.find("POST", "/v1/orders/open/pay")).toMatchObject({
    target: "pay",
    variables: { order_id: "open" },
  });
  expect(table.find("DELETE", "/v1/orders/1/lines/2")).toMatchObject({
    variables: { order_id: "1", "line.sku": "2" },
  });
});

test("variables are decoded, but a slash in one makes no other path", () => {
  expect(table.find("GET", "/v1/orders/a%2Fpay")).toMatchObject({
    target: "get",
    variables: { order_id: "a/pay" },
  });
  expect(() => table.find("GET", "/v1/orders/%zz")).toThrow(URIError);
});

test("what is unknown and what is not for this method are told apart", () => {
  for (const path of [
    "",
    "/",
    "/v1",
    "/v1/orders/",
    "/v1/orders//pay",
    "/v1/orders/1/pay/2",
    "v1/orders",
    "/__proto__",
  ]) {
    expect(table.find("GET", path), path).toEqual({ kind: "unknown" });
  }
  expect(table.find("DELETE", "/v1/orders")).toEqual({
    kind: "wrong_method",
    allowed: ["GET", "HEAD", "OPTIONS", "POST"],
  });
  expect(table.find("HEAD", "/v1/orders")).toMatchObject({ target: "list" });
});

test("two routes for one thing, or a path of another form, are mistakes that are found at the start", () => {
  const twice = ["/a/{x}", "/a/{y}"].map((path) => ({ method: "GET", path, target: 1 }));
  expect(() => createRouteTable(twice)).toThrow(/two routes/);
  expect(() => createRouteTable([{ method: "GET", path: "/a/{x=**}", target: 1 }])).toThrow(/neither a name/);
});

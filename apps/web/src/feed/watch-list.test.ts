import { expect, test } from "vitest";
import { retryDelayMs } from "./backoff.ts";
import { createWatchList } from "./watch-list.ts";

test("the stream asks for what all tabs want, each topic once, from where it was heard", () => {
  const list = createWatchList();
  list.want("a", ["order/2", "orders"]);
  list.want("b", ["order/2", "notifications"]);
  list.heard("order/2", "c7");
  expect(list.request()).toEqual([
    { name: "notifications", cursor: "" },
    { name: "order/2", cursor: "c7" },
    { name: "orders", cursor: "" },
  ]);
});

test("a topic that nobody wants any more is begun anew", () => {
  const list = createWatchList();
  list.want("a", ["order/1"]);
  list.heard("order/1", "c1");
  list.want("a", []);
  list.want("a", ["order/1"]);
  expect(list.request()).toEqual([{ name: "order/1", cursor: "" }]);
});

test("a cursor stays while another tab wants its topic", () => {
  const list = createWatchList();
  list.want("a", ["order/1"]);
  list.want("b", ["order/1"]);
  list.heard("order/1", "c1");
  list.forget("a");
  expect(list.request()).toEqual([{ name: "order/1", cursor: "c1" }]);
});

test("an empty cursor never takes the place of one", () => {
  const list = createWatchList();
  list.want("a", ["session/1"]);
  list.heard("session/1", "c1");
  list.heard("session/1", "");
  expect(list.request()).toEqual([{ name: "session/1", cursor: "c1" }]);
});

test("what has ended is not asked for again, until it is wanted anew", () => {
  const list = createWatchList();
  list.want("a", ["session/1", "orders"]);
  list.ended("session/1");
  expect(list.request()).toEqual([{ name: "orders", cursor: "" }]);
  list.want("a", ["orders"]);
  list.want("a", ["session/1", "orders"]);
  expect(list.request().map(({ name }) => name)).toEqual(["orders", "session/1"]);
});

test("another person's cursors are forgotten", () => {
  const list = createWatchList();
  list.want("a", ["orders"]);
  list.heard("orders", "c9");
  list.clearCursors();
  expect(list.request()).toEqual([{ name: "orders", cursor: "" }]);
});

test("no more topics than the service takes", () => {
  const list = createWatchList();
  const topics = Array.from({ length: 50 }, (_, index) => `order/${index}`);
  list.want("a", topics);
  expect(list.request()).toHaveLength(32);
});

test("tries come at growing distances, never more than five seconds", () => {
  expect([0, 1, 2, 3, 9, 1000].map((attempt) => retryDelayMs(attempt, 0))).toEqual([
    250, 500, 1000, 2000, 5000, 5000,
  ]);
  expect(retryDelayMs(9, 1)).toBe(2500);
});

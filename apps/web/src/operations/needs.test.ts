import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  ListBacklogsResponseSchema,
  ListServicesResponseSchema,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { VerificationSchema } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { expect, test } from "vitest";
import { deadLettersOf, needsOf } from "./needs.ts";
import { serviceRows } from "./service-rows.ts";

const consumer = { topic: "orders.events.v1", group: "notifications.order-events", running: true };
const healthy = { version: "1.4.0", callsPerSecond: 2, p99Ms: 7, eventLoopLagP99Ms: 12, residentBytes: 80n };

const services = (...states: object[]) => create(ListServicesResponseSchema, { services: states });
const backlogs = (...found: object[]) => create(ListBacklogsResponseSchema, { backlogs: found });

test("nothing needs anybody while all serve, nothing waits for long and nothing was given up", () => {
  const figures = {
    services: services({ service: "loms", replicas: [{ address: "a:1", ready: true, figures: healthy }] }),
    backlogs: backlogs({
      service: "loms",
      backlog: {
        outbox: { depth: 12, oldestAge: durationFromMs(400) },
        consumers: [{ ...consumer, lag: 40n }],
      },
    }),
    verification: create(VerificationSchema, { checks: [{ invariant: "I1", examined: 5n }] }),
  };
  expect(needsOf(figures)).toEqual([]);
  expect(needsOf({ services: undefined, backlogs: undefined, verification: undefined })).toEqual([]);
});

test("what is broken comes before what is slow, and each says where to look", () => {
  const needs = needsOf({
    services: services(
      {
        service: "loms",
        replicas: [
          {
            address: "a:1",
            ready: true,
            figures: { ...healthy, eventLoopLagP99Ms: 900, errorsPerMinute: 2 },
          },
          { address: "b:1", ready: false, problem: "no answer within 2000 ms" },
        ],
      },
      { service: "notifications", replicas: [{ address: "c:1", problem: "nothing listens there" }] },
      { service: "tables", problem: "The name in tables:50056 is not known." },
    ),
    backlogs: backlogs(
      {
        service: "loms",
        backlog: {
          outbox: { depth: 128, oldestAge: durationFromMs(42_400) },
          consumers: [
            { ...consumer, lag: 7n, running: false },
            { ...consumer, topic: "payments.events.v1", lag: 5_000n, deadLetters: 1n },
          ],
        },
      },
      { service: "notifications", problem: "It is away." },
      { service: "payments", problem: "It does not answer." },
    ),
    verification: create(VerificationSchema, { checks: [{ findingsTotal: 2 }, { findingsTotal: 1 }] }),
  });
  expect(needs.map(({ tone, text }) => `${tone}: ${text}`)).toEqual([
    "failed: notifications is away: nothing listens there",
    "failed: tables is away: The name in tables:50056 is not known.",
    "failed: 1 dead letter in loms, of payments.events.v1",
    "failed: The last verification found 3 mismatches",
    "waiting: 1 of 2 replicas of loms is away: no answer within 2000 ms",
    "waiting: loms fails 2 calls per minute by its own fault",
    "waiting: loms is slow: its event loop stands still for up to 900 ms",
    "waiting: loms outbox lag 42.4 s (limit 30 s)",
    "waiting: loms does not read orders.events.v1: 7 records wait",
    "waiting: loms is 5,000 records behind on payments.events.v1",
    "waiting: What waits in payments is not known: It does not answer.",
  ]);
  expect(needs.find(({ text }) => text.includes("dead letter"))?.href).toBe(
    "/ops/dead-letters?service=loms&group=notifications.order-events",
  );
});

test("a service with several replicas is a line that sums them up, followed by each", () => {
  const { services: states } = services(
    {
      service: "loms",
      replicas: [
        { address: "a:1", ready: true, figures: { ...healthy, window: durationFromMs(5_000) } },
        {
          address: "b:1",
          ready: false,
          problem: "hung up",
          figures: { ...healthy, version: "1.5.0", p99Ms: 40, window: durationFromMs(9_000) },
        },
      ],
    },
    { service: "product", replicas: [{ address: "c:1", ready: false, problem: "nothing listens there" }] },
  );
  const { backlogs: waiting } = backlogs({
    service: "loms",
    backlog: {
      consumers: [
        { lag: 3n, deadLetters: 1n },
        { lag: 4n, deadLetters: 2n },
      ],
    },
  });
  const rows = serviceRows(states, waiting);
  expect(rows.map(({ key, health }) => [key, health.word])).toEqual([
    ["loms", "1 of 2 serve"],
    ["loms a:1", "Serving"],
    ["loms b:1", "Away"],
    ["product", "Away"],
  ]);
  expect(rows[0]).toMatchObject({
    address: "",
    figures: { version: "1.4.0, 1.5.0", callsPerSecond: 4, p99Ms: 40, residentBytes: 160n, windowMs: 5_000 },
    waiting: { outbox: undefined, consumers: { lag: 7n, deadLetters: 3n } },
  });
  expect(rows[3]).toMatchObject({ problem: "nothing listens there", figures: undefined, waiting: undefined });
  expect(deadLettersOf(waiting)).toBe(3n);
});

import { eventually } from "@ordermesh/testkit/eventually";
import { type OwnBroker, startOwnBroker } from "@ordermesh/testkit/own-broker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportBacklog } from "../src/backlog.ts";
import { appendEvents } from "../src/outbox.ts";
import { createOutboxHarness, eventOf, firstSightings, type OutboxHarness } from "./outbox-harness.ts";

let broker: OwnBroker;
let harness: OutboxHarness;
beforeAll(async () => {
  broker = await startOwnBroker();
  harness = await createOutboxHarness(broker.brokers);
});
afterAll(async () => {
  await harness.close();
  await broker.remove();
});

test("events wait while the broker is away, are counted, and go out in order when it is back", async () => {
  const relay = harness.startRelay();
  reportBacklog(harness.database, relay.metrics);
  const append = (versions: number[]) =>
    harness.database.transaction(async (tx) =>
      appendEvents(
        tx,
        versions.map((version) => eventOf(1, version)),
      ),
    );
  await append([1, 2]);
  await eventually(async () => expect(await harness.waiting()).toEqual([]));
  await broker.stop();
  await append([3, 4]);
  await append([5]);
  const backlog = await relay.metrics.metrics();
  expect(backlog).toContain("ordermesh_outbox_depth 3");
  expect(backlog).toMatch(/ordermesh_outbox_oldest_age_seconds 0\.\d+/);
  await broker.start();
  await eventually(async () => expect(await harness.waiting()).toEqual([]));
  expect(firstSightings(await harness.published(), "1")).toEqual([1, 2, 3, 4, 5]);
  expect(await relay.metrics.metrics()).toContain("ordermesh_outbox_depth 0");
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { findFreePort } from "@ordermesh/embedded/port";
import { createKafkaClient } from "@ordermesh/kafka/client";
import { readToEnd } from "@ordermesh/kafka/read-to-end";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { builtProgram } from "@ordermesh/testkit/built-program";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { expect, onTestFinished, test } from "vitest";
import { refusalOf } from "./refusal.ts";
import { fromElsewhere, openHouse } from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

/* S20: whoever reads logs, metrics or events can not join a table, and not speak for anybody who has joined. */

/** The program as its own process, with everything that it writes. */
async function startProgram({ tablesEnvironment }: TablesHarness) {
  const port = await findFreePort();
  const child = spawn(process.execPath, builtProgram("tables"), {
    env: { PATH: process.env.PATH, ...tablesEnvironment, TABLES_PORT: `${port}`, LOG_LEVEL: "debug" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  const address = `127.0.0.1:${port}`;
  await eventually(
    async () => {
      const response = await fetch(`http://${address}/readyz`).catch(() => undefined);
      expect(response?.status, output).toBe(200);
    },
    { timeoutMs: 40_000 },
  );
  return { address, output: () => output };
}

test("codes, links and tokens are in no log, metric or event", async () => {
  const harness = await startTablesHarness({ neighbors: ["product", "loms"] });
  onTestFinished(harness.stop);
  const house = await openHouse(harness);
  const program = await startProgram(harness);
  const token = await harness.sellerToken(house.ownerId);
  const staff = await harness.client(TablesService, token, program);
  const anybody = await harness.client(TablesService, undefined, program);
  const { locationId, espresso } = house;

  const { session, link } = await staff.openSession({ locationId, name: "Terrace" });
  const { sessionId = 0n, code = "" } = session ?? {};
  const byLink = { case: "link", value: link } as const;
  const { guestToken } = await anybody.joinSession({ invitation: byLink, nickname: "Ada" }, fromElsewhere());
  const ada = await harness.client(TablesService, guestToken, program);
  await ada.placeOrder({ sessionId, lines: [{ sku: espresso, quantity: 1 }], idempotencyKey: "one" });
  const rotated = await staff.rotateInvitation({ sessionId });
  for (const invitation of [
    byLink,
    { case: "code", value: code },
    { case: "code", value: "x".repeat(30) },
  ] as const) {
    await refusalOf(anybody.joinSession({ invitation, nickname: "Eve" }, fromElsewhere()));
  }
  await refusalOf(staff.placeOrder({ sessionId, lines: [{ sku: 1, quantity: 1 }], idempotencyKey: "bad" }));
  await staff.closeSession({ sessionId, force: true, reason: "late" });
  await refusalOf(ada.getSession({ sessionId }));

  const events = await eventually(async () => {
    const client = createKafkaClient({ brokers: harness.brokers, clientId: "test", logger: testLogger() });
    const found: string[] = [];
    await readToEnd({
      client,
      topic: "tables.events.v1",
      timeoutMs: 20_000,
      onRecords(records) {
        found.push(
          ...records.map(
            ({ headers, value }) => `${headers.ce_type} ${Buffer.from(value).toString("latin1")}`,
          ),
        );
      },
    });
    expect(found.length).toBeGreaterThanOrEqual(3);
    return found;
  });
  expect(events.map((event) => event.split(" ")[0])).toEqual([
    "ordermesh.events.v1.SessionOpened",
    "ordermesh.events.v1.GuestJoined",
    "ordermesh.events.v1.SessionClosed",
  ]);
  const metrics = await (await fetch(`http://${program.address}/metrics`)).text();
  const logs = program.output();
  expect(logs).toContain("JoinSession");
  for (const text of [logs, metrics, ...events]) {
    for (const secret of [
      guestToken,
      guestToken.slice(6),
      link.split("#")[1],
      rotated.link.split("#")[1],
      code,
      rotated.code,
    ]) {
      expect(text).not.toContain(secret);
    }
  }
});

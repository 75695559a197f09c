import { Code } from "@connectrpc/connect";
import { pause } from "@ordermesh/process/wait";
import type { TopicUpdate } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { startTcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FeedReader, openFeedReader } from "./feed-reader.ts";
import { openTable, startTablesMesh, type TablesMesh } from "./tables-mesh.ts";

/* The feed's topics of tables, with the real tables service behind the gateway. */

let mesh: TablesMesh;
const readers: FeedReader[] = [];

beforeAll(async () => {
  mesh = await startTablesMesh();
});

afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  await mesh?.stop();
});

function open(token: string, topics: readonly string[], baseUrl = mesh.url): FeedReader {
  const reader = openFeedReader({ baseUrl, authorization: `Bearer ${token}`, topics });
  readers.push(reader);
  return reader;
}

const beginning = (reader: FeedReader, topic: string) =>
  eventually(() => expect(reader.kinds.some((kind) => kind.startsWith(`${topic} `))).toBe(true));

/** The version of the session after each message, the first one being that of the whole picture. */
const versions = (reader: FeedReader, topic: string) =>
  reader.seen(topic).flatMap(({ what }) => {
    return what.case === "session" || what.case === "sessionChange" ? [what.value.version] : [];
  });

const orderIds = (updates: readonly TopicUpdate[]) =>
  updates.flatMap(({ what }) =>
    what.case === "sessionChange" && what.value.what.case === "order" ? [what.value.what.value.orderId] : [],
  );

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

test("guests and staff see the same changes, by id and by code, and the staff those of the whole location", async () => {
  const table = await openTable(mesh);
  const { sessionId, locationId, code } = table;
  const ana = await table.join("Ana");
  const byId = open(ana, [`session/${sessionId}`]);
  const byCode = open(ana, [`session/${code}`]);
  const staff = open(table.staffToken, [`session/${sessionId}`, `location/${locationId}`]);
  await beginning(byId, `session/${sessionId}`);
  await beginning(byCode, `session/${code}`);
  await beginning(staff, `session/${sessionId}`);
  await beginning(staff, `location/${locationId}`);
  expect(byId.kinds[0]).toBe("heartbeat");
  const [first] = byId.seen(`session/${sessionId}`);
  expect(first?.what.case).toBe("session");
  if (first?.what.case === "session") {
    expect(first.what.value.guests.map(({ nickname }) => nickname)).toEqual(["Table 1", "Ana"]);
  }

  const own = await table.order(ana, "no sugar");
  const { session: other } = await table.staff.openSession({ locationId, name: "Table 2" });
  await eventually(() => {
    expect(orderIds(byId.seen(`session/${sessionId}`))).toContain(own);
    expect(orderIds(byCode.seen(`session/${code}`))).toContain(own);
    expect(orderIds(staff.seen(`session/${sessionId}`))).toContain(own);
    const seen = staff.seen(`location/${locationId}`);
    expect(orderIds(seen)).toContain(own);
    const sessions = seen.map(({ what }) => (what.case === "sessionChange" ? what.value.sessionId : 0n));
    expect(sessions).toContain(other?.sessionId);
  });
  await Promise.all([byId.close(), byCode.close(), staff.close()]);
});

test("who has no part in a session is refused, and the other topics go on", async () => {
  const [table, other] = [await openTable(mesh), await openTable(mesh, 1002)];
  const ana = await table.join("Ana");
  const own = `session/${table.sessionId}`;
  const refused = [`session/${other.sessionId}`, `session/${other.code}`, `location/${table.locationId}`];
  const guest = open(ana, [own, ...refused]);
  const foreignStaff = open(other.staffToken, [
    own,
    `location/${table.locationId}`,
    `location/${other.locationId}`,
  ]);
  const end = (reader: FeedReader, topic: string) =>
    eventually(() => {
      const update = reader.seen(topic).at(-1);
      expect(update?.what.case, topic).toBe("end");
      return update?.what.case === "end" ? update.what.value : undefined;
    });
  for (const topic of refused.slice(0, 2)) {
    expect(await end(guest, topic)).toMatchObject({ code: Code.NotFound, reason: "SESSION_NOT_FOUND" });
  }
  expect((await end(guest, `location/${table.locationId}`))?.code).toBe(Code.PermissionDenied);
  expect(await end(foreignStaff, own)).toMatchObject({ code: Code.NotFound, reason: "SESSION_NOT_FOUND" });
  expect(await end(foreignStaff, `location/${table.locationId}`)).toMatchObject({
    code: Code.NotFound,
    reason: "LOCATION_NOT_FOUND",
  });
  const orderId = await table.order(ana);
  await eventually(() => expect(orderIds(guest.seen(own))).toContain(orderId));
  expect(foreignStaff.kinds).toContain(`location/${other.locationId} checkpoint`);
  for (const topic of refused) {
    expect(guest.seen(topic).map(({ what }) => what.case)).toEqual(["end"]);
  }
  const stranger = open("guest_nobody-has-this-token", [own]);
  expect((await end(stranger, own))?.code).toBe(Code.Unauthenticated);
  await Promise.all([guest.close(), foreignStaff.close(), stranger.close()]);
});

test("a closed session is told as closed, ends, and its guests' tokens with it; a removed guest's ends at once", async () => {
  const table = await openTable(mesh);
  const { sessionId, staff } = table;
  const topic = `session/${sessionId}`;
  const [ana, eve] = [await table.join("Ana"), await table.join("Eve")];
  const guest = open(ana, [topic]);
  const removed = open(eve, [topic]);
  const watching = open(table.staffToken, [topic]);
  await Promise.all([guest, removed, watching].map((reader) => beginning(reader, topic)));

  const { session } = await staff.getSession({ sessionId });
  const eveId = session?.guests.find(({ nickname }) => nickname === "Eve")?.guestId ?? 0n;
  await staff.removeGuest({ sessionId, guestId: eveId });
  await eventually(() => {
    const last = removed.seen(topic).at(-1)?.what;
    expect(last).toMatchObject({ case: "end", value: { code: Code.Unauthenticated } });
  });

  await staff.closeSession({ sessionId });
  for (const reader of [guest, watching]) {
    expect(await reader.ended, "the stream ends, and with no error").toBeUndefined();
    const [closing, end] = reader
      .seen(topic)
      .slice(-2)
      .map(({ what }) => what);
    expect(closing).toMatchObject({
      case: "sessionChange",
      value: { what: { case: "session", value: { state: SessionState.CLOSED } } },
    });
    expect(end).toMatchObject({ case: "end", value: { code: 0, reason: "" } });
  }
  const late = open(ana, [topic]);
  await eventually(() => {
    expect(late.seen(topic).at(-1)?.what).toMatchObject({
      case: "end",
      value: { code: Code.Unauthenticated },
    });
  });
  // The staff may still look at it: the whole of it, then its end.
  const after = open(table.staffToken, [topic]);
  expect(await after.ended).toBeUndefined();
  expect(after.seen(topic).map(({ what }) => what.case)).toEqual(["session", "end"]);
});

test("under cuts on both sides of the gateway no change is missed, and none comes twice", async () => {
  const random = seededRandom("feed of tables, cuts");
  const rounds = 30;
  const edge = await startTcpProxy({ host: "127.0.0.1", port: Number(mesh.host.split(":")[1]) });
  const through = `http://127.0.0.1:${edge.port}`;
  const table = await openTable(mesh);
  const { sessionId, locationId } = table;
  const [session, location] = [`session/${sessionId}`, `location/${locationId}`];
  const tokens = [await table.join("Ana"), await table.join("Ben")];
  const guests = tokens.map((token) => open(token, [session], through));
  const staff = open(table.staffToken, [session, location], through);
  const all = [...guests, staff];
  await Promise.all(all.map((reader) => beginning(reader, session)));
  await beginning(staff, location);
  const begunAt = (await table.staff.getSession({ sessionId })).session?.version ?? 0;

  const own = mesh.client(TablesService, table.staffToken);
  for (let round = 0; round < rounds; round += 1) {
    // The way to tables may have been cut just now: by its name it is one order, however often it is asked for.
    await eventually(() =>
      own.placeOrder({
        sessionId,
        lines: [{ sku: table.sku, quantity: 1 }],
        idempotencyKey: `round ${round}`,
      }),
    );
    const fault = random.pick(["edge", "tables", "hang up", "none"] as const);
    if (fault === "edge") {
      edge.cut();
    } else if (fault === "tables") {
      mesh.links.tables.cut();
    } else if (fault === "hang up") {
      random.pick(all).hangUp();
    }
    await pause(random.integer(0, 60));
  }
  const last = await eventually(async () => {
    const { session: now } = await own.getSession({ sessionId });
    return now?.version ?? 0;
  });
  expect(last).toBeGreaterThanOrEqual(begunAt + rounds);
  for (const reader of all) {
    await eventually(() => expect(versions(reader, session).at(-1)).toBe(last), { timeoutMs: 40_000 });
    const [first = 0] = versions(reader, session);
    expect(versions(reader, session)).toEqual(range(first, last));
    expect(reader.seen(session).map(({ what }) => what.case)).toEqual(
      range(first, last).map((version) => (version === first ? "session" : "sessionChange")),
    );
  }
  await eventually(() => expect(versions(staff, location).at(-1)).toBe(last), { timeoutMs: 40_000 });
  expect(versions(staff, location)).toEqual(range(begunAt + 1, last));
  const reconnects = all.reduce((sum, reader) => sum + reader.reconnects(), 0);
  const interruptions = all.flatMap(({ kinds }) =>
    kinds.filter((kind) => kind.endsWith("interruption")),
  ).length;
  process.stdout.write(
    `cuts: edge ${edge.faults()}, tables ${mesh.links.tables.faults()}; reconnects ${reconnects}, interruptions ${interruptions}\n`,
  );
  expect(edge.faults()).toBeGreaterThan(0);
  expect(mesh.links.tables.faults()).toBeGreaterThan(0);
  expect(reconnects).toBeGreaterThan(3);
  expect(interruptions).toBeGreaterThan(0);
  await Promise.all(all.map((reader) => reader.close()));
  await edge.close();
});

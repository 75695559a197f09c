import { create } from "@bufbuild/protobuf";
import { openDatabase } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import {
  TablesService,
  WatchSessionRequestSchema,
  type WatchSessionResponse,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startSessionFeed } from "../src/session-feed.ts";
import { createAccess, watchSession } from "../src/watch-session.ts";
import { refusalOf } from "./refusal.ts";
import { type House, openHouse, serve, type TablesClient } from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

let harness: TablesHarness;
let house: House;

beforeAll(async () => {
  harness = await startTablesHarness({ neighbors: ["product", "loms"] });
  house = await openHouse(harness);
});
afterAll(() => harness?.stop());

/** What one watcher was told so far, and how it ended. */
function watch(client: TablesClient, request: { sessionId?: bigint; code?: string; cursor?: string }) {
  const stopping = new AbortController();
  const told: WatchSessionResponse[] = [];
  let end: unknown = "under way";
  const ended = (async () => {
    try {
      for await (const response of client.watchSession(request, {
        signal: stopping.signal,
        timeoutMs: Number.POSITIVE_INFINITY,
      })) {
        told.push(response);
      }
      end = "ended";
    } catch (error) {
      end = error;
    }
  })();
  return {
    told,
    /** Of the changes and of the whole sessions. */
    versions: () =>
      told.flatMap(({ update }) => (update.case === "checkpoint" ? [] : [update.value?.version])),
    cursor: () => told.at(-1)?.cursor ?? "",
    end: () => end,
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

test("first the whole session, then each change, and after the close the end", async () => {
  const table = await house.open();
  const { sessionId } = table;
  const ada = await table.join("Ada");
  const watchers = [watch(ada.client, { sessionId }), watch(house.staff, { code: table.code })];
  await eventually(() => expect(watchers.every(({ told }) => told.length > 0)).toBe(true));
  const orderId = await ada.order(house.espresso);
  await serve(house.staff, sessionId, orderId);
  await house.staff.rotateInvitation({ sessionId });
  await house.staff.closeSession({ sessionId });
  for (const watcher of watchers) {
    await watcher.ended;
    expect(watcher.end()).toBe("ended");
    expect(watcher.versions()).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(watcher.told[0]?.update).toMatchObject({
      case: "session",
      value: { guests: [{}, { nickname: "Ada" }] },
    });
    expect(
      watcher.told.map(({ update }) => (update.case === "change" ? update.value.what.case : "")),
    ).toEqual(["", ...Array(4).fill("order"), "session", "session"]);
    const last = watcher.told.at(-1)?.update;
    expect(last).toMatchObject({
      value: { total: { amountMinor: 250n }, what: { value: { state: SessionState.CLOSED } } },
    });
  }
});

test("a watcher that comes back goes on from its cursor, wherever it was cut, without a gap or a repeat", async () => {
  const table = await house.open();
  const { sessionId } = table;
  const ada = await table.join("Ada");
  let cursor = "";
  const versions: (number | undefined)[] = [];
  for (let round = 0; round < 6; round += 1) {
    const watcher = watch(house.staff, { sessionId, cursor });
    await eventually(() => expect(watcher.told.length).toBeGreaterThan(0));
    const orders = [ada.order(house.espresso), ada.order(house.espresso)];
    if (round % 2 === 0) {
      await Promise.all(orders);
      await eventually(() => expect(watcher.versions().length).toBeGreaterThan(0));
    }
    await watcher.stop();
    await Promise.all(orders);
    versions.push(...watcher.versions());
    cursor = watcher.cursor();
  }
  await house.staff.closeSession({ sessionId, force: true, reason: "done" });
  const last = watch(house.staff, { sessionId, cursor });
  await last.ended;
  expect(last.end()).toBe("ended");
  versions.push(...last.versions());
  const { session } = await house.staff.getSession({ sessionId });
  expect(versions).toEqual(Array.from({ length: (session?.version ?? 0) - 1 }, (_, index) => index + 2));
});

test("what a watcher puts together is what the session is", async () => {
  const table = await house.open();
  const { sessionId } = table;
  const watcher = watch(house.staff, { sessionId });
  // From here on it is told of each change, and not of a session that has some of them.
  await eventually(() => expect(watcher.told.length).toBeGreaterThan(0));
  const guests = await Promise.all(["Ada", "Bob", "Eve"].map((name) => table.join(name)));
  const orderIds = await Promise.all(
    guests.flatMap((guest) => [guest.order(house.pasta), guest.order(house.espresso)]),
  );
  await Promise.all(orderIds.slice(0, 4).map((orderId) => serve(house.staff, sessionId, orderId)));
  await house.staff.closeSession({ sessionId, force: true, reason: "late" });
  await watcher.ended;
  const orders = new Map<bigint, OrderStatus>();
  for (const { update } of watcher.told) {
    const what = update.case === "change" ? update.value.what : undefined;
    if (what?.case === "order") {
      orders.set(what.value.orderId, what.value.status);
    }
  }
  const { session } = await house.staff.getSession({ sessionId });
  expect(new Map(session?.orders.map(({ orderId, status }) => [orderId, status]))).toEqual(orders);
  expect(watcher.versions()).toEqual(Array.from({ length: session?.version ?? 0 }, (_, index) => index + 1));
});

test("a removed guest's stream is cut, the others' go on", async () => {
  const table = await house.open();
  const { sessionId } = table;
  const [ada, bob] = [await table.join("Ada"), await table.join("Bob")];
  const [adas, bobs] = [watch(ada.client, { sessionId }), watch(bob.client, { sessionId })];
  await eventually(() => expect([adas.told.length, bobs.told.length]).toEqual([1, 1]));
  await house.staff.removeGuest({ sessionId, guestId: ada.guestId });
  await adas.ended;
  expect(adas.end()).toMatchObject({ rawMessage: expect.stringContaining("taken your place") });
  await eventually(() => expect(bobs.versions().at(-1)).toBe(4));
  expect(bobs.end()).toBe("under way");
  await bobs.stop();
});

test("strangers, other tables' guests and bad cursors get nothing", async () => {
  const [table, other] = [await house.open(), await house.open()];
  const eve = await other.join("Eve");
  const { sessionId } = table;
  const first = async (
    client: TablesClient,
    request: { sessionId?: bigint; code?: string; cursor?: string },
  ) => {
    for await (const response of client.watchSession(request, { timeoutMs: 5_000 })) {
      return response;
    }
    return undefined;
  };
  const stranger = (await openHouse(harness)).staff;
  expect(await refusalOf(first(stranger, { sessionId }))).toMatchObject({ code: "NotFound" });
  expect(await refusalOf(first(eve.client, { sessionId }))).toMatchObject({ code: "NotFound" });
  expect(await refusalOf(first(eve.client, { code: table.code }))).toMatchObject({ code: "NotFound" });
  const cursor = (await first(house.staff, { sessionId: other.sessionId }))?.cursor ?? "";
  for (const bad of ["nonsense", "1.2", cursor, `${sessionId}.1.AAAA`]) {
    expect(await refusalOf(first(house.staff, { sessionId, cursor: bad }))).toMatchObject({
      code: "InvalidArgument",
      reason: "MALFORMED_CURSOR",
    });
  }
  const fromElsewhere = Buffer.from(`${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.5.5.0`).toString(
    "base64url",
  );
  const resynced = await first(house.staff, { sessionId, cursor: `${sessionId}.1.${fromElsewhere}` });
  expect(resynced?.update.case).toBe("session");
});

test("a closed session is shown once, and its past is told from a cursor", async () => {
  const table = await house.open();
  const { sessionId } = table;
  const early = watch(house.staff, { sessionId });
  await eventually(() => expect(early.told).toHaveLength(1));
  await early.stop();
  await table.join("Ada");
  await house.staff.closeSession({ sessionId });
  const whole = watch(house.staff, { sessionId });
  await whole.ended;
  expect([whole.versions(), whole.end()]).toEqual([[3], "ended"]);
  const past = watch(house.staff, { sessionId, cursor: early.cursor() });
  await past.ended;
  expect([past.versions(), past.end()]).toEqual([[2, 3], "ended"]);
  const nothing = watch(house.staff, { sessionId, cursor: past.cursor() });
  await nothing.ended;
  expect([nothing.versions(), nothing.end()]).toEqual([[], "ended"]);
});

test("a location's changes, of all its sessions, on another replica than the one that made them", async () => {
  const own = await openHouse(harness);
  const address = await harness.startReplica();
  const staff = await harness.client(TablesService, await harness.sellerToken(own.ownerId), {
    address,
  });
  const stopping = new AbortController();
  const told: [bigint, number][] = [];
  let checkpoints = 0;
  const watching = (async () => {
    const options = { signal: stopping.signal, timeoutMs: Number.POSITIVE_INFINITY };
    for await (const { update } of staff.watchLocation({ locationId: own.locationId }, options)) {
      if (update.case === "change") {
        told.push([update.value.sessionId, update.value.version]);
      } else {
        checkpoints += 1;
      }
    }
  })().catch(() => {});
  await eventually(() => expect(checkpoints).toBe(1));
  const tables = [await own.open(), await own.open()];
  await house.open();
  for (const table of tables) {
    const ada = await table.join("Ada");
    const orderId = await ada.order(own.espresso);
    // The other replica knows the token, the order and its state at once.
    await staff.actOnOrder({ sessionId: table.sessionId, orderId, action: 1 });
    expect((await own.staff.getSession({ sessionId: table.sessionId })).session?.orders).toMatchObject([
      { status: OrderStatus.ACCEPTED },
    ]);
  }
  const wanted = tables.flatMap(({ sessionId }) => [1, 2, 3, 4].map((version) => [sessionId, version]));
  const inOrder = () => [...told].sort(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1));
  await eventually(() => expect(inOrder()).toEqual(wanted));
  stopping.abort();
  await watching;
  const stranger = (await openHouse(harness)).staff;
  const refused = (async () => {
    for await (const _ of stranger.watchLocation({ locationId: own.locationId }, { timeoutMs: 5_000 })) {
      return;
    }
  })();
  expect(await refusalOf(refused)).toMatchObject({ code: "NotFound" });
});

test("staff who were sent away see no more, also on a stream that is open", async () => {
  const own = await openHouse(harness);
  await own.places.setLocationStaff({ locationId: own.locationId, userIds: [501n] });
  const database = openDatabase({
    url: harness.databaseUrl,
    applicationName: "test",
    connectionsMax: 2,
    timeoutMs: 5_000,
  });
  onTestFinished(database.close);
  const waiter = { kind: "staff", userId: 501n, limitedToUserId: 501n, name: "user:501" } as const;
  // A stream looks every 15 seconds; this one each time.
  const access = createAccess(database, waiter, { locationId: own.locationId }, 0);
  const checkpoint = { kind: "checkpoint", cursor: "" } as const;
  await access.check(checkpoint);
  await own.places.setLocationStaff({ locationId: own.locationId, userIds: [] });
  await expect(access.check(checkpoint)).rejects.toMatchObject({ reason: "SESSION_NOT_FOUND" });
});

test("a watcher that does not read is cut, and its cursor brings it back", async () => {
  const table = await house.open();
  const { sessionId } = table;
  const database = openDatabase({
    url: harness.databaseUrl,
    applicationName: "test",
    connectionsMax: 4,
    timeoutMs: 5_000,
  });
  const feed = startSessionFeed({ database, logger: testLogger() });
  onTestFinished(async () => {
    await feed.stop();
    await database.close();
  });
  const desk = { database, bills: { list: async () => [] } };
  const call = {
    principal: { kind: "anonymous" },
    limitedToUserId: undefined,
    signal: new AbortController().signal,
  };
  const request = { sessionId, code: "", cursor: "" };
  const open = (cursor: string) =>
    watchSession({ desk, feed }, create(WatchSessionRequestSchema, { ...request, cursor }), call as never);
  const slow = open("");
  const first = await slow.next();
  // More changes than it may leave unread, all at once.
  await harness.sql`insert into session_changes (session_id, version, location_id, change)
    select ${sessionId}, version, ${house.locationId}, ''::bytea from generate_series(2, 2600) as version`;
  let last = first.value?.cursor ?? "";
  await expect(
    (async () => {
      for (;;) {
        const { value, done } = await slow.next();
        if (done === true) {
          throw new Error("It was not cut.");
        }
        last = value.cursor ?? "";
        await pause(3);
      }
    })(),
  ).rejects.toMatchObject({ reason: "SLOW_READER" });
  const seen: (number | undefined)[] = [];
  const from = Number(last.split(".")[1]);
  for await (const { cursor } of open(last)) {
    seen.push(Number(cursor?.split(".")[1]));
    if (seen.length === 2600 - from) {
      break;
    }
  }
  expect(seen).toEqual(Array.from({ length: 2600 - from }, (_, index) => from + 1 + index));
});

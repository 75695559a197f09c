import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import jsQr from "jsqr";
import { PNG } from "pngjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusalOf } from "./refusal.ts";
import { fromElsewhere, type House, openHouse, type TablesClient } from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

let harness: TablesHarness;
let house: House;
let stranger: TablesClient;
let platform: TablesClient;
let anybody: TablesClient;

beforeAll(async () => {
  harness = await startTablesHarness();
  house = await openHouse(harness);
  stranger = (await openHouse(harness)).staff;
  platform = await harness.client(TablesService, await harness.issuer.userToken(3, ["platform"]));
  anybody = await harness.client(TablesService);
});
afterAll(() => harness?.stop());

test("a name belongs to one open session of a location, and is free again after the close", async () => {
  const { locationId, staff } = house;
  const { session } = await staff.openSession({ locationId, name: "  Window \n left " });
  expect(session?.name).toBe("Window left");
  expect(await refusalOf(staff.openSession({ locationId, name: "Window left" }))).toMatchObject({
    code: "AlreadyExists",
    reason: "SESSION_NAME_IN_USE",
  });
  const elsewhere = await openHouse(harness);
  await elsewhere.staff.openSession({ locationId: elsewhere.locationId, name: "Window left" });
  await staff.closeSession({ sessionId: session?.sessionId });
  const again = await staff.openSession({ locationId, name: "Window left" });
  expect(again.session?.sessionId).not.toBe(session?.sessionId);
  expect(again.session?.code).not.toBe(session?.code);
});

test("of many who open the same table at the same time one does", async () => {
  const { locationId, staff } = house;
  const calls = Array.from({ length: 12 }, () => staff.openSession({ locationId, name: "Rush" }));
  const results = await Promise.allSettled(calls);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a key opens one session, also at the same time, and is not for another one", async () => {
  const { locationId, staff } = house;
  const request = { locationId, name: "With a key", idempotencyKey: "open it" };
  const opened = await Promise.all(Array.from({ length: 6 }, () => staff.openSession(request)));
  expect(new Set(opened.map(({ session }) => session?.sessionId)).size).toBe(1);
  expect(await refusalOf(staff.openSession({ ...request, name: "Other" }))).toMatchObject({
    code: "InvalidArgument",
    reason: "IDEMPOTENCY_KEY_REUSED",
  });
  // Somebody else's key is another one.
  expect(await refusalOf(platform.openSession(request))).toMatchObject({ reason: "SESSION_NAME_IN_USE" });
  expect(await refusalOf(staff.openSession({ locationId, name: " \t " }))).toMatchObject({
    code: "InvalidArgument",
    fields: ["name"],
  });
});

test("staff of another location find nothing, the platform does, and nobody else gets in", async () => {
  const { locationId, staff } = house;
  const { sessionId, code } = await house.open();
  const calls = (client: TablesClient) => [
    client.openSession({ locationId, name: "Mine now" }),
    client.getSession({ sessionId }),
    client.getSession({ code }),
    client.listSessions({ locationId }),
    client.rotateInvitation({ sessionId }),
    client.renderQr({ sessionId }),
    client.removeGuest({ sessionId, guestId: 1n }),
    client.placeOrder({ sessionId, lines: [{ sku: house.espresso, quantity: 1 }], idempotencyKey: "x" }),
    client.actOnOrder({ sessionId, orderId: 1n, action: 1 }),
    client.listKitchenQueue({ locationId }),
    client.closeSession({ sessionId }),
    client.closeSession({ sessionId, force: true, reason: "mine" }),
  ];
  for (const refused of await Promise.all(calls(stranger).map(refusalOf))) {
    expect(refused.code).toBe("NotFound");
  }
  for (const refused of await Promise.all(calls(anybody).map(refusalOf))) {
    expect(refused.code).toBe("Unauthenticated");
  }
  const buyer = await harness.client(TablesService, await harness.issuer.userToken(house.ownerId, ["buyer"]));
  expect(await refusalOf(buyer.getSession({ sessionId }))).toMatchObject({ code: "PermissionDenied" });
  expect((await platform.getSession({ code })).session?.sessionId).toBe(sessionId);
  expect((await staff.getSession({ sessionId })).session?.state).toBe(SessionState.OPEN);

  const waiter = await harness.client(TablesService, await harness.sellerToken(77));
  expect(await refusalOf(waiter.getSession({ sessionId }))).toMatchObject({ code: "NotFound" });
  await house.places.setLocationStaff({ locationId, userIds: [77n] });
  expect((await waiter.getSession({ sessionId })).session?.sessionId).toBe(sessionId);
});

test("the QR code says the link, which another program reads", async () => {
  const { staff } = house;
  const table = await house.open();
  const ada = await table.join("Ada");
  for (const client of [staff, ada.client]) {
    const { code, link, svg, png } = await client.renderQr({ sessionId: table.sessionId });
    expect({ code, link }).toEqual({ code: table.code, link: table.link });
    expect(svg).toContain("<svg");
    const { data, width, height } = PNG.sync.read(Buffer.from(png));
    expect(jsQr.default(new Uint8ClampedArray(data), width, height)?.data).toBe(table.link);
  }
});

test("a rotated invitation is another one; who sat there stays, and an old code still leads staff to the table", async () => {
  const { staff } = house;
  const table = await house.open();
  const ada = await table.join("Ada");
  const rotated = await staff.rotateInvitation({ sessionId: table.sessionId });
  expect(rotated.code).not.toBe(table.code);
  expect(rotated.link.split("#")[1]).not.toBe(table.link.split("#")[1]);
  for (const invitation of [
    { case: "code", value: table.code },
    { case: "link", value: table.link },
    { case: "link", value: table.link.replace(table.code, rotated.code) },
    { case: "link", value: rotated.link.replace(rotated.code, table.code) },
  ] as const) {
    const join = anybody.joinSession({ invitation, nickname: "Late" }, fromElsewhere());
    expect(await refusalOf(join)).toMatchObject({ code: "NotFound", reason: "INVITATION_NOT_FOUND" });
  }
  expect((await staff.getSession({ code: table.code })).session?.sessionId).toBe(table.sessionId);
  expect((await ada.client.getSession({ code: table.code.toLowerCase() })).session?.code).toBe(rotated.code);
  const typed = {
    case: "code",
    value: ` ${rotated.code.slice(0, 3).toLowerCase()}-${rotated.code.slice(3)} `,
  } as const;
  const joined = await anybody.joinSession({ invitation: typed, nickname: "Bob" }, fromElsewhere());
  expect(joined.session?.sessionId).toBe(table.sessionId);
  expect(await refusalOf(ada.client.rotateInvitation({ sessionId: table.sessionId }))).toMatchObject({
    code: "PermissionDenied",
  });
});

test("sessions are listed newest first, by state and page by page", async () => {
  const own = await openHouse(harness);
  const tables = [await own.open(), await own.open(), await own.open()];
  await own.staff.closeSession({ sessionId: tables[1]?.sessionId });
  const list = async (request: object) => {
    const { sessions, nextPageToken } = await own.staff.listSessions({
      locationId: own.locationId,
      ...request,
    });
    return { ids: sessions.map(({ sessionId }) => sessionId), nextPageToken };
  };
  const ids = tables.map(({ sessionId }) => sessionId).reverse();
  expect((await list({})).ids).toEqual(ids);
  expect((await list({ state: SessionState.CLOSED })).ids).toEqual([ids[1]]);
  const first = await list({ pageSize: 2 });
  expect(first.ids).toEqual(ids.slice(0, 2));
  expect((await list({ pageSize: 2, pageToken: first.nextPageToken })).ids).toEqual(ids.slice(2));
  const misused = own.staff.listSessions({ locationId: house.locationId, pageToken: first.nextPageToken });
  expect((await refusalOf(misused)).code).toBe("InvalidArgument");
});

test("a session is asked for by its id or by its code", async () => {
  const { staff } = house;
  const { sessionId, code } = await house.open();
  expect(await refusalOf(staff.getSession({}))).toMatchObject({ code: "InvalidArgument" });
  expect(await refusalOf(staff.getSession({ sessionId, code }))).toMatchObject({ code: "InvalidArgument" });
  expect(await refusalOf(staff.getSession({ code: "222222" }))).toMatchObject({ code: "NotFound" });
  expect(await refusalOf(staff.getSession({ code: "no code" }))).toMatchObject({ code: "NotFound" });
  expect(await refusalOf(staff.getSession({ sessionId: 999_999n }))).toMatchObject({
    code: "NotFound",
    reason: "SESSION_NOT_FOUND",
  });
});

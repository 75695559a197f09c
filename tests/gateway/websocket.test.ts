import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asBrowser, openSocket, refusalOf, type SocketClient } from "./socket-client.ts";
import { type OpenTable, openTable, startTablesMesh, type TablesMesh } from "./tables-mesh.ts";

let mesh: TablesMesh;

beforeAll(async () => {
  mesh = await startTablesMesh({ gateway: { GATEWAY_ALLOWED_ORIGINS: "https://tables.example.com" } });
});

afterAll(() => mesh?.stop());

const address = ({ code }: OpenTable, cursor = "") =>
  `ws://${mesh.host}/ws/session/${code}${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`;

const versions = ({ messages }: Pick<SocketClient, "messages">): number[] =>
  messages.flatMap((message) => message.session?.version ?? message.change?.version ?? []);

const lastCursor = ({ messages }: SocketClient): string => messages.at(-1)?.cursor ?? "";

describe("who may watch", () => {
  test("a guest, whose token comes as browsers send it, and staff with a header", async () => {
    const table = await openTable(mesh);
    const guest = await openSocket(address(table), { protocols: asBrowser(await table.join("Ada")) });
    expect(guest.socket.protocol).toBe("ordermesh.session.v1");
    const staff = await openSocket(`ws://${mesh.host}/ws/session/${table.sessionId}`, {
      headers: { authorization: `Bearer ${table.staffToken}` },
    });
    await eventually(() => expect([guest.messages.length, staff.messages.length]).toEqual([1, 1]));
    expect(guest.messages[0]).toMatchObject({
      cursor: expect.stringMatching(/./),
      session: {
        sessionId: `${table.sessionId}`,
        state: "SESSION_STATE_OPEN",
        code: table.code,
        orders: [],
        guests: [{ isTable: true }, { nickname: "Ada", isRemoved: false }],
      },
    });
    const orderId = await table.order();
    await eventually(() => expect([guest.messages.length, staff.messages.length]).toEqual([2, 2]));
    expect(guest.messages[1]).toMatchObject({
      change: {
        order: { orderId: `${orderId}`, status: "ORDER_STATUS_PLACED", total: { amountMinor: "250" } },
      },
    });
    expect(staff.messages[1]).toEqual(guest.messages[1]);
    guest.socket.close();
    staff.socket.close();
  });

  test("nobody else: it is said before the upgrade, with the status of the reason", async () => {
    const [table, other] = [await openTable(mesh), await openTable(mesh, 1002)];
    const stranger = await other.join("Eve");
    const refused = async (url: string, protocols: string[] = []) => {
      const { status, json } = await refusalOf(openSocket(url, { protocols }));
      return [status, json.status, json.reason];
    };
    expect(await refused(address(table))).toEqual([401, 401, "TOKEN_MISSING"]);
    expect(await refused(address(table), asBrowser(`guest_${"x".repeat(43)}`))).toEqual([
      401,
      401,
      "TOKEN_REFUSED",
    ]);
    expect(await refused(address(table), asBrowser(stranger))).toEqual([404, 404, "SESSION_NOT_FOUND"]);
    expect(await refused(address(table), asBrowser(other.staffToken))).toEqual([
      404,
      404,
      "SESSION_NOT_FOUND",
    ]);
    const own = asBrowser(await table.join("Ada"));
    expect(await refused(`ws://${mesh.host}/ws/session/ZZZZZZ`, own)).toEqual([
      404,
      404,
      "SESSION_NOT_FOUND",
    ]);
    expect(await refused(address(table, "nonsense"), own)).toEqual([400, 400, "MALFORMED_CURSOR"]);
    expect(await refused(`${address(table)}?token=${own[1]}`)).toEqual([400, 400, "UNKNOWN_PARAMETER"]);
    expect(await refused(address(table), ["bearer.x"])).toEqual([400, 400, "UNKNOWN_SUBPROTOCOL"]);
    expect(await refused(`ws://${mesh.host}/ws/elsewhere`)).toEqual([404, 404, "ROUTE_NOT_FOUND"]);
    const plain = await fetch(`${mesh.url}/ws/session/${table.code}`);
    expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  test("no page of a foreign origin, which a browser would let connect", async () => {
    const table = await openTable(mesh);
    const protocols = asBrowser(await table.join("Ada"));
    for (const origin of ["https://evil.example.com", "null", `http://${mesh.host}.evil.example.com`]) {
      const { status, json } = await refusalOf(
        openSocket(address(table), { protocols, headers: { origin } }),
      );
      expect([origin, status, json.reason]).toEqual([origin, 403, "ORIGIN_NOT_ALLOWED"]);
    }
    for (const origin of ["https://tables.example.com", mesh.url]) {
      const { socket } = await openSocket(address(table), { protocols, headers: { origin } });
      socket.close();
    }
  });

  test("a guest who was removed, or whose token the close took, is cut off", async () => {
    const table = await openTable(mesh);
    const token = await table.join("Ada");
    const { closed } = await openSocket(address(table), { protocols: asBrowser(token) });
    const { session } = await table.staff.getSession({ sessionId: table.sessionId });
    const guestId = session?.guests.find(({ nickname }) => nickname === "Ada")?.guestId ?? 0n;
    await table.staff.removeGuest({ sessionId: table.sessionId, guestId });
    expect([4401, 4403, 4404]).toContain((await closed).code);
    expect((await refusalOf(openSocket(address(table), { protocols: asBrowser(token) }))).status).toBe(401);
  });
});

describe("what is told", () => {
  test("the end of the session, to everybody, and then the connection closes", async () => {
    const table = await openTable(mesh);
    const guest = await openSocket(address(table), { protocols: asBrowser(await table.join("Ada")) });
    await table.staff.closeSession({ sessionId: table.sessionId });
    expect(await guest.closed).toEqual({ code: 1000, reason: "The session is closed." });
    expect(guest.messages.at(-1)?.change.session.state).toBe("SESSION_STATE_CLOSED");
  });

  test("everything once, over any number of cuts, to whoever comes back with a cursor", {
    timeout: 120_000,
  }, async () => {
    const table = await openTable(mesh);
    const token = await table.join("Ada");
    const random = seededRandom("websocket cuts");
    const told: number[] = [];
    let cuts = 0;
    let lastSeen = 0;
    let ordering = true;
    const orders = (async () => {
      for (let order = 0; order < 40; order += 1) {
        await table.order(token);
      }
      ordering = false;
    })();
    for (let cursor = ""; ; ) {
      const client = await openSocket(address(table, cursor), { protocols: asBrowser(token) });
      const wanted = 1 + Math.floor(random.next() * 6);
      const isLast = !ordering;
      await eventually(() => expect(client.messages.length).toBeGreaterThanOrEqual(ordering ? wanted : 1), {
        timeoutMs: 20_000,
        everyMs: 5,
      });
      client.socket.terminate();
      await client.closed;
      cursor = lastCursor(client);
      told.push(...versions(client));
      lastSeen = told.at(-1) ?? 0;
      cuts += 1;
      const { session } = await table.staff.getSession({ sessionId: table.sessionId });
      if (isLast && session?.version === lastSeen) {
        break;
      }
    }
    await orders;
    process.stdout.write(`websocket cuts: seed ${random.seed}, ${cuts} cuts, ${told.length} versions told\n`);
    expect(cuts).toBeGreaterThan(5);
    const [first = 0] = told;
    expect(told).toEqual(told.map((_, index) => first + index));
  });

  test("where to go on, when the service goes away", async () => {
    const table = await openTable(mesh);
    const protocols = asBrowser(await table.join("Ada"));
    const before = await openSocket(address(table), { protocols });
    await eventually(() => expect(before.messages).toHaveLength(1));
    mesh.links.tables.refuse();
    expect(await before.closed).toMatchObject({ code: 1013, reason: expect.stringContaining("cursor") });
    const { status, headers, json } = await refusalOf(openSocket(address(table), { protocols }));
    expect([status, json.reason, headers["retry-after"]]).toEqual([503, "UPSTREAM_UNAVAILABLE", "1"]);
    mesh.links.tables.heal();
    const orderId = await eventually(() => table.order());
    const after = await eventually(() => openSocket(address(table, lastCursor(before)), { protocols }));
    await eventually(() => expect(after.messages[0]?.change?.order.orderId).toBe(`${orderId}`));
    after.socket.close();
  });
});

test("over REST's event stream the same messages come, to a guest as well", async () => {
  const table = await openTable(mesh);
  const token = await table.join("Ada");
  const stopping = new AbortController();
  const response = await fetch(`${mesh.url}/v1/sessions/${table.sessionId}/changes`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stopping.signal,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const watched = await openSocket(address(table), { protocols: asBrowser(token) });
  await table.order(token);
  await eventually(() => expect(watched.messages).toHaveLength(2));
  const [first, second] = watched.messages;
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split("\n\n").length > 2) {
      break;
    }
  }
  stopping.abort();
  const events = text.split("\n\n").map((block) => JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null"));
  expect(events[0].session).toEqual(first.session);
  expect(events[1].change).toEqual(second.change);

  const again = await fetch(`${mesh.url}/v1/sessions/${table.sessionId}/changes`, {
    headers: { authorization: `Bearer ${token}`, "last-event-id": first.cursor },
  });
  const reader = again.body!.getReader();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toContain(`"version":${second.change.version}`);
  await reader.cancel();
  watched.socket.close();
});

test("staff follow a whole location, and guests may not", async () => {
  const table = await openTable(mesh);
  const changes = table.staff.watchLocation({ locationId: table.locationId })[Symbol.asyncIterator]();
  expect((await changes.next()).value?.update.case).toBe("checkpoint");
  const orderId = await table.order();
  const { value } = await changes.next();
  const change = value?.update.case === "change" ? value.update.value : undefined;
  expect([change?.what.case, change?.sessionId]).toEqual(["order", table.sessionId]);
  expect(change?.what.value).toMatchObject({ orderId });
  await changes.return?.();
  const guest = mesh.client(TablesService, await table.join("Ada"));
  const refused = guest.watchLocation({ locationId: table.locationId })[Symbol.asyncIterator]().next();
  await expect(refused).rejects.toThrow("permission_denied");
});

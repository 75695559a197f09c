import { readFileSync } from "node:fs";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  newLocation,
  newUser,
  type OrderedOnline,
  type OrderedOnlineUser,
  orderedOnline,
} from "./ordered-online-client.ts";
import { type OrderedOnlinePlace, startOrderedOnline } from "./ordered-online-place.ts";
import { openSocket, Refused, refusalOf } from "./socket-client.ts";
import type { TablesMesh } from "./tables-mesh.ts";

/** Every route of that system, each failure in the order in which it was looked for, and the seven steps of its README. */

let place: OrderedOnlinePlace;
let mesh: TablesMesh;
let client: OrderedOnline;
let owner: OrderedOnlineUser;
let stranger: OrderedOnlineUser;
let location: { readonly id: number };
let product: { readonly id: number };

beforeAll(async () => {
  place = await startOrderedOnline();
  ({ mesh, client, owner, stranger, location, product } = place);
});

afterAll(() => place?.mesh.stop());

let sessions = 0;

async function openSession(): Promise<{ code: string; name: string }> {
  sessions += 1;
  const body = { ...owner, location_id: location.id, name: `Tisch ${sessions}` };
  return (await client.post("/orders/sessions/create/", body)).json;
}

test.each([
  ["POST", "/orders/sessions/create/"],
  ["GET", "/orders/sessions/get/ABCDEF/"],
  ["POST", "/orders/sessions/close/ABCDEF/"],
  ["GET", "/orders/sessions/find/"],
  ["GET", "/orders/sessions/monitor/ABCDEF/"],
  ["POST", "/orders/products/add/"],
  ["GET", "/codes/new/"],
  ["POST", "/codes/render/qr/"],
  ["POST", "/verification/register/"],
  ["POST", "/verification/login/"],
  ["POST", "/verification/verify/"],
  ["POST", "/verification/logout/"],
  ["GET", "/locations/find/"],
  ["GET", "/locations/nearby/"],
  ["GET", "/locations/get/1/"],
  ["POST", "/locations/create/"],
  ["POST", "/locations/edit/1/"],
  ["GET", "/products/find/"],
  ["GET", "/products/get/1/"],
  ["POST", "/products/create/"],
  ["POST", "/products/edit/1/"],
])("%s %s refuses every other method before it looks at anything", async (method, path) => {
  for (const other of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((name) => name !== method)) {
    const { status, json } = await client.ask(other, path, other === "GET" ? undefined : "{nonsense");
    expect([other, status, json]).toEqual([other, 405, { reason: "incorrect_access_method" }]);
  }
  expect((await fetch(mesh.url + path.slice(0, -1), { method })).status, "without its slash").toBe(404);
});

describe("sessions", () => {
  test("are created, refused in its order", async () => {
    const create = (body: unknown) => client.refusal("POST", "/orders/sessions/create/", body);
    const good = { location_id: location.id, name: "Taken" };
    expect(await create("{nonsense")).toBe("400 malformed_json");
    expect(await create(good)).toBe("403 incorrect_credentials");
    expect(await create({ ...owner, name: "No place" })).toBe("400 malformed_json");
    expect(await create({ ...owner, location_id: location.id })).toBe("400 malformed_json");
    expect(await create({ ...owner, ...good, location_id: 999_999 })).toBe("403 incorrect_credentials");
    expect(await create({ ...stranger, ...good })).toBe("403 incorrect_credentials");
    const { json } = await client.post("/orders/sessions/create/", { ...owner, ...good });
    expect(json).toEqual({
      code: expect.stringMatching(/^[0-9A-Z]{6}$/),
      name: "Taken",
      location_id: location.id,
      state: "OPEN",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
      orders: [],
    });
    expect(await create({ ...owner, ...good })).toBe("400 duplicate_session");
    await client.post(`/orders/sessions/close/${json.code}/`);
    // There a name was taken for good.
    expect((await client.post("/orders/sessions/create/", { ...owner, ...good })).status).toBe(200);
  });

  test("are found by location and state, any case", async () => {
    const session = await openSession();
    const states = async (query: string) =>
      new Set(
        (await client.get(`/orders/sessions/find/?${query}`)).json.map(
          ({ state }: { state: string }) => state,
        ),
      );
    expect(await states(`location_id=${location.id}&state=open`)).toEqual(new Set(["OPEN"]));
    expect(await states(`location_id=${location.id}&state=ClOsEd`)).toEqual(new Set(["CLOSED"]));
    expect(await states(`location_id=${location.id}`)).toEqual(new Set(["OPEN", "CLOSED"]));
    expect(await states(`location_id=${location.id}&state=reserved`)).toEqual(new Set());
    const everywhere = await client.get("/orders/sessions/find/?state=open");
    expect(everywhere.json.map(({ code }: { code: string }) => code)).toContain(session.code);
    expect(await client.refusal("GET", "/orders/sessions/find/?location_id=x")).toBe("400 erroneous_value");
  });

  test("that are not there", async () => {
    for (const [method, path, body] of [
      ["GET", "/orders/sessions/get/ZZZZZZ/"],
      ["GET", "/orders/sessions/get/no%20code%20at%20all%20is%20that%20long/"],
      ["POST", "/orders/sessions/close/ZZZZZZ/"],
      ["POST", "/orders/products/add/", { product_id: product.id, session_code: "ZZZZZZ" }],
    ] as const) {
      expect([path, await client.refusal(method, path, body)]).toEqual([path, "404 session_not_found"]);
    }
    const { status, json } = await refusalOf(openSocket(`ws://${mesh.host}/ws/session/ZZZZZZ/`));
    expect([status, json]).toEqual([404, { reason: "session_not_found" }]);
  });

  test("take one product at a time, refused in its order", async () => {
    const { code } = await openSession();
    const add = (body: unknown) => client.refusal("POST", "/orders/products/add/", body);
    expect(await add("{nonsense")).toBe("400 malformed_json");
    expect(await add({ session_code: code })).toBe("400 malformed_json");
    expect(await add({ product_id: product.id })).toBe("400 malformed_json");
    expect(await add({ product_id: 4_000_000_000, session_code: code })).toBe("404 product_not_found");
    const { json } = await client.post("/orders/products/add/", {
      product_id: product.id,
      session_code: code,
    });
    expect(json.orders).toEqual([
      {
        id: expect.any(Number),
        product_id: product.id,
        session: code,
        timestamp: expect.stringContaining("+00:00"),
      },
    ]);
    await client.post(`/orders/sessions/close/${code}/`);
    expect(await add({ product_id: product.id, session_code: code })).toBe("400 session_closed");
    const rows = await mesh.gatewaySql`select from code_guests`;
    expect(rows.length).toBeGreaterThan(0);
  });
});

test("the seven steps of its README", async () => {
  const { json: session } = await client.post("/orders/sessions/create/", {
    ...owner,
    location_id: location.id,
    name: "Table 2",
  });
  const address = `ws://${mesh.host}/ws/session/${session.code}/`;
  const staff = await openSocket(address);
  await eventually(() => expect(staff.messages).toEqual([session]));
  expect((await client.post("/codes/render/qr/", { value: session.code })).status).toBe(200);
  const guest = await openSocket(address);
  await eventually(() => expect(guest.messages).toEqual([session]));
  const added: { json: { orders: unknown[] } }[] = [];
  for (let count = 0; count < 3; count += 1) {
    added.push(
      await client.post("/orders/products/add/", { product_id: product.id, session_code: session.code }),
    );
  }
  expect(added.map(({ json }) => json.orders.length)).toEqual([1, 2, 3]);
  const told = [session, ...added.map(({ json }) => ({ session: json }))];
  await eventually(() => expect(guest.messages).toEqual(told));
  expect((await client.get(`/orders/sessions/get/${session.code}/`)).json).toEqual(added[2]?.json);
  const closed = await client.post(`/orders/sessions/close/${session.code}/`);
  expect(closed.json).toEqual({ ...added[2]?.json, state: "CLOSED" });
  expect((await client.post(`/orders/sessions/close/${session.code}/`)).json).toEqual(closed.json);
  for (const watcher of [staff, guest]) {
    expect((await watcher.closed).code).toBe(1000);
    expect(watcher.messages.at(-1)).toEqual({ session: closed.json });
  }
  expect((await client.get(`/orders/sessions/get/${session.code}/`)).json).toEqual(closed.json);
});

test("the page that prints a session's messages runs a script from here, and nothing else", async () => {
  const page = await fetch(`${mesh.url}/orders/sessions/monitor/ABCDEF/`);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  expect(await page.text()).not.toContain("ABCDEF");
  const script = await fetch(`${mesh.url}/orders/sessions/monitor.js`);
  expect(script.headers.get("content-type")).toContain("javascript");
});

describe("a gateway that is not open to its clients", () => {
  test("wants a token for what that system left open", async () => {
    const gateway = await mesh.startGateway({ ORDERED_ONLINE_OPEN: "0" });
    const closed = orderedOnline(gateway.url);
    const { code } = await openSession();
    const add = { product_id: product.id, session_code: code };
    for (const [method, path, body] of [
      ["GET", `/orders/sessions/get/${code}/`],
      ["POST", `/orders/sessions/close/${code}/`],
      ["GET", `/orders/sessions/find/?location_id=${location.id}`],
      ["POST", "/orders/products/add/", add],
    ] as const) {
      expect([path, await closed.refusal(method, path, body)]).toEqual([path, "403 incorrect_credentials"]);
    }
    const socket = `ws://${gateway.host}/ws/session/${code}/`;
    expect((await refusalOf(openSocket(socket))).status).toBe(401);

    const { json: joined } = await closed.ask(
      "POST",
      "/v1/session-joins",
      { code, nickname: "Ada" },
      {
        "content-type": "application/json",
      },
    );
    const headers = { authorization: `Bearer ${joined.guestToken}` };
    expect((await closed.post("/orders/products/add/", add, headers)).json.orders).toHaveLength(1);
    const watcher = await openSocket(socket, {
      protocols: ["ordered-online", `bearer.${joined.guestToken}`],
    });
    await eventually(() =>
      expect(watcher.messages[0]).toMatchObject({ code, orders: [{ product_id: product.id }] }),
    );
    watcher.socket.close();
    expect(await closed.refusal("POST", `/orders/sessions/close/${code}/`, undefined, headers)).toBe(
      "403 incorrect_credentials",
    );
    // Whoever is no seller owns no location.
    const body = { ...owner, location: newLocation() };
    expect(await closed.refusal("POST", "/locations/create/", body)).toBe("403 incorrect_credentials");
  });

  test("and an open one wants it from the pages of others", async () => {
    const { code } = await openSession();
    const headers = { origin: "https://evil.example.com" };
    const path = `/orders/sessions/close/${code}/`;
    expect(await client.refusal("POST", path, undefined, headers)).toBe("403 incorrect_credentials");
    const opening = openSocket(`ws://${mesh.host}/ws/session/${code}/`, { headers });
    await expect(opening).rejects.toBeInstanceOf(Refused);
    expect((await client.post(path, undefined, { origin: mesh.url })).status).toBe(200);
  });
});

test("after GATEWAY_KEY was exchanged users log in again, and orders go on", async () => {
  const { code } = await openSession();
  const add = { product_id: product.id, session_code: code };
  await client.post("/orders/products/add/", add);
  const gateway = await mesh.startGateway({ GATEWAY_KEY: Buffer.alloc(32, 9).toString("base64") });
  const exchanged = orderedOnline(gateway.url);
  expect((await exchanged.post("/orders/products/add/", add)).json.orders).toHaveLength(2);
  const body = { ...owner, location_id: location.id, name: "Exchanged" };
  expect(await exchanged.refusal("POST", "/orders/sessions/create/", body)).toBe("403 incorrect_credentials");
  expect(await exchanged.refusal("POST", "/verification/register/", newUser("later"))).toBe("200 undefined");
});

test("a guest of the gateway's that staff removed comes back with a code that is good", async () => {
  const { code } = await openSession();
  const add = { product_id: product.id, session_code: code };
  await client.post("/orders/products/add/", add);
  const tablesSql = postgres(mesh.databaseUrls.get("tables") ?? "", { max: 1 });
  await tablesSql`update guests set token_hash = null where nickname = 'ordered-online'`;
  await tablesSql.end();
  expect((await client.post("/orders/products/add/", add)).json.orders).toHaveLength(2);
});

describe("what is away", () => {
  test("is named as the service that it was there", async () => {
    const session = { ...owner, location_id: location.id, name: "Away" };
    mesh.links.identity.refuse();
    const login = { username: "owner", password: "correct horse" };
    expect(await client.refusal("POST", "/verification/login/", login)).toBe(
      "503 verification_service_unavailable",
    );
    await mesh.gatewaySql`update session_keys set access_expires_at = now() where user_id = ${owner.user_id}`;
    expect(await client.refusal("POST", "/orders/sessions/create/", session)).toBe(
      "503 verification_service_unavailable",
    );
    mesh.links.identity.heal();
    await eventually(async () => expect((await openSession()).code).toBeDefined());
    mesh.links.tables.refuse();
    expect(await client.refusal("POST", "/orders/sessions/create/", session)).toBe(
      "503 locations_service_unavailable",
    );
    expect(await client.refusal("GET", "/locations/find/")).toBe("503 locations_service_unavailable");
    expect(await client.refusal("GET", "/orders/sessions/get/ABCDEF/")).toBe(
      "503 orders_service_unavailable",
    );
    mesh.links.tables.heal();
    mesh.links.product.refuse();
    expect(await client.refusal("GET", "/products/find/")).toBe("503 products_service_unavailable");
    mesh.links.product.heal();
    await eventually(async () => expect((await client.get("/products/find/")).status).toBe(200));
  });

  test("also when no session can be opened", async () => {
    const gateway = await mesh.startGateway({ GATEWAY_UPSTREAM_TIMEOUT_MS: "1500" });
    const tablesSql = postgres(mesh.databaseUrls.get("tables") ?? "", { max: 1 });
    const refusal = await tablesSql.begin(async (tx) => {
      await tx`lock table sessions in exclusive mode`;
      const body = { ...owner, location_id: location.id, name: "Locked" };
      return await orderedOnline(gateway.url).refusal("POST", "/orders/sessions/create/", body);
    });
    await tablesSql.end();
    expect(refusal).toBe("503 code_service_unavailable");
  });
});

test("what its routes are is in the document that lists the others", () => {
  const { paths } = JSON.parse(
    readFileSync(new URL("../../proto/gen/openapi.json", import.meta.url), "utf8"),
  );
  const listed = Object.keys(paths).filter((path) => path.endsWith("/"));
  expect(listed).toHaveLength(21);
});

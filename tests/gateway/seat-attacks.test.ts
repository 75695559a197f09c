import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { send } from "./http.ts";
import { password, type SeatMesh, startSeatMesh } from "./seat-mesh.ts";

/** S22 and the seats, as somebody sees them who wants in. What pages of other origins can do is in seats.test.ts. */

let mesh: SeatMesh;

beforeAll(async () => {
  mesh = await startSeatMesh();
  for (const username of ["ada", "mallory"]) {
    await send("POST", `${mesh.url}/v1/auth/register`, { body: { username, password } });
  }
});

afterAll(() => mesh?.stop());

const newSeat = () => randomBytes(16).toString("base64url");
const cookieName = (seat: string) => `ordermesh-seat-${seat}`;

async function signIn(username: string) {
  const browser = openBrowser(mesh.url);
  const seat = newSeat();
  const answer = await browser.post("/auth/seat/login", { seat, body: { username, password } });
  expect(answer.status, answer.text).toBe(200);
  return { browser, seat, answer, cookie: browser.cookies()[cookieName(seat)] ?? "" };
}

/** Sends a header `cookie` as it is. */
const post = (path: string, seat: string, cookie: string) =>
  send("POST", `${mesh.url}/auth/seat/${path}`, {
    body: {},
    headers: { "x-ordermesh-seat": seat, cookie },
  });

/** Calls that identity has answered since it started. */
async function callsOf(method: string): Promise<number> {
  const text = await (await fetch(`${mesh.identityUrl}/metrics`)).text();
  const lines = text.match(
    new RegExp(`^ordermesh_rpc_server_duration_seconds_count\\{.*rpc_method="${method}".*$`, "gm"),
  );
  return (lines ?? []).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

test("a cookie says no more than it must: for one path of this host, a month, no script, no other site", async () => {
  const { answer, seat } = await signIn("ada");
  expect(answer.cookies).toHaveLength(1);
  expect(answer.cookies[0]?.name).toBe(cookieName(seat));
  expect(new Set(answer.cookies[0]?.attributes)).toEqual(
    new Set(["Max-Age=2592000", "Path=/auth/seat", "HttpOnly", "SameSite=Strict"]),
  );
});

test("what a form can send does nothing, whatever it calls it", async () => {
  const { browser, seat } = await signIn("ada");
  const credentials = JSON.stringify({ username: "mallory", password });
  const types = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
  ];
  for (const type of types) {
    for (const path of ["login", "refresh", "logout", "list"]) {
      const answer = await browser.post(`/auth/seat/${path}`, {
        headers: { "content-type": type },
        body: credentials,
      });
      expect(answer, `${type} ${path}`).toMatchObject({ status: 400, json: { reason: "SEAT_MISSING" } });
      expect(answer.cookies).toEqual([]);
    }
    const named = await browser.post("/auth/seat/login", {
      seat,
      headers: { "content-type": type },
      body: credentials,
    });
    expect(named, type).toMatchObject({ status: 415, json: { reason: "NOT_JSON" } });
    expect(named.cookies).toEqual([]);
  }
  expect((await browser.post("/auth/seat/refresh", { seat })).json.user.username).toBe("ada");
});

test("a cookie opens nothing but its seat's own routes", async () => {
  const { seat, cookie } = await signIn("ada");
  const headers = { cookie: `${cookieName(seat)}=${cookie}`, "x-ordermesh-seat": seat };
  const calls = [
    ["GET", "/v1/auth/me"],
    ["POST", "/ordermesh.identity.v1.IdentityService/GetMe"],
    ["GET", "/v1/orders"],
    ["POST", "/v1/feed"],
  ] as const;
  for (const [method, path] of calls) {
    const body = path === "/v1/feed" ? { topics: [{ name: "orders" }] } : {};
    const answer = await send(method, `${mesh.url}${path}`, { headers, ...(method === "POST" && { body }) });
    expect(answer.status, path).toBe(path === "/v1/orders" ? 503 : 401);
  }
  // Nor is the refresh token in it one that an RPC would take for an access token.
  const authorization = `Bearer ${cookie.split(".").at(-1)}`;
  expect((await send("GET", `${mesh.url}/v1/auth/me`, { authorization })).status).toBe(401);
});

test("a seat is opened by its own cookie alone, and by what is in it, not by what is written on it", async () => {
  const ada = await signIn("ada");
  const mallory = await signIn("mallory");
  const asAda = await post("refresh", ada.seat, `${cookieName(mallory.seat)}=${mallory.cookie}`);
  expect(asAda).toMatchObject({ status: 401, json: { reason: "SEAT_EMPTY" } });
  const [version, usedAt, , token] = mallory.cookie.split(".");
  const name = Buffer.from("ada").toString("base64url");
  const forged = [version, usedAt, name, token].join(".");
  const renewed = await post("refresh", mallory.seat, `${cookieName(mallory.seat)}=${forged}`);
  expect(renewed).toMatchObject({ status: 200, json: { user: { username: "mallory" } } });
  expect((await ada.browser.post("/auth/seat/refresh", { seat: ada.seat })).json.user.username).toBe("ada");
  for (const cookie of ["", "1.zz..", `1.${usedAt}.${name}.${"x".repeat(43)}`]) {
    const answer = await post("refresh", ada.seat, `${cookieName(ada.seat)}=${cookie}`);
    expect(answer.status, cookie).toBe(401);
  }
});

test("who has signed out is out, also with a copy of the cookie", async () => {
  const { browser, seat } = await signIn("ada");
  const copy = browser.copy();
  expect((await browser.post("/auth/seat/logout", { seat })).status).toBe(200);
  expect(browser.cookies()).toEqual({});
  const late = await copy.post("/auth/seat/refresh", { seat });
  expect(late).toMatchObject({ status: 401, json: { reason: "REFRESH_REFUSED" } });
  expect(copy.cookies()).toEqual({});
});

test("who makes up many seats has none of them kept, and identity asked about eight", async () => {
  const made = Array.from(
    { length: 60 },
    () => `${cookieName(randomBytes(9).toString("base64url"))}=1.1..${"t".repeat(20)}`,
  );
  const before = await callsOf("Logout");
  const seat = newSeat();
  const answer = await send("POST", `${mesh.url}/auth/seat/login`, {
    body: { username: "mallory", password },
    headers: { "x-ordermesh-seat": seat, cookie: made.join("; ") },
  });
  expect(answer.status, answer.text).toBe(200);
  const set = answer.headers.getSetCookie();
  // Seven others may stay beside the one that was signed in to.
  expect(set.filter((text) => text.includes("Max-Age=0"))).toHaveLength(made.length - 7);
  expect(set.filter((text) => text.startsWith(`${cookieName(seat)}=1.`))).toHaveLength(1);
  const asked = (await callsOf("Logout")) - before;
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(8);
});

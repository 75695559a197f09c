import { randomBytes } from "node:crypto";
import { eventually } from "@ordermesh/testkit/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, openBrowser } from "./browser.ts";
import { send } from "./http.ts";
import { password, type SeatMesh, startSeatMesh } from "./seat-mesh.ts";

let mesh: SeatMesh;
const people = ["ada", "ben", "cleo"] as const;

beforeAll(async () => {
  mesh = await startSeatMesh();
  for (const username of people) {
    await send("POST", `${mesh.url}/v1/auth/register`, { body: { username, password } });
  }
});

afterAll(() => mesh?.stop());

const newSeat = () => randomBytes(16).toString("base64url");
const logIn = (browser: Browser, seat: string, username: string, more: object = {}) =>
  browser.post("/auth/seat/login", { seat, body: { username, password }, ...more });
const refresh = (browser: Browser, seat: string) => browser.post("/auth/seat/refresh", { seat });
const whoIs = async (accessToken: string) =>
  (await send("GET", `${mesh.url}/v1/auth/me`, { authorization: `Bearer ${accessToken}` })).json.user
    ?.username;
/** As if the moment for repetitions were over. */
const ageTokens = () => mesh.identitySql`
  update refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null`;

test("a page gets an access token and who it is; what it is renewed with stays in a cookie for these paths", async () => {
  const browser = openBrowser(mesh.url);
  const seat = newSeat();
  const answer = await logIn(browser, seat, "ada");
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json).toEqual({
    accessToken: expect.stringMatching(/^eyJ/),
    expiresAt: expect.stringMatching(/^\d{4}-/),
    user: expect.objectContaining({ username: "ada", roles: ["buyer"] }),
  });
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const [cookie, ...others] = answer.cookies;
  expect(others).toEqual([]);
  expect(cookie?.name).toBe(`ordermesh-seat-${seat}`);
  expect(cookie?.attributes).toEqual(
    expect.arrayContaining(["HttpOnly", "SameSite=Strict", "Path=/auth/seat"]),
  );
  expect(cookie?.attributes).not.toContain("Secure");
  const refreshToken = cookie?.value.split(".").at(-1) ?? "";
  expect(refreshToken).toHaveLength(43);
  expect(answer.text).not.toContain(refreshToken);
  expect(await whoIs(answer.json.accessToken)).toBe("ada");

  const renewed = await refresh(browser, seat);
  expect(renewed.json).toMatchObject({ user: { username: "ada" }, accessToken: expect.any(String) });
  expect(renewed.cookies[0]?.value).not.toBe(cookie?.value);
  expect(await whoIs(renewed.json.accessToken)).toBe("ada");
});

test("three people in one browser do not get in each other's way", async () => {
  const browser = openBrowser(mesh.url);
  const seats = people.map((username) => ({ username, seat: newSeat() }));
  for (const { seat, username } of seats) {
    expect((await logIn(browser, seat, username)).status).toBe(200);
  }
  for (const { seat, username } of seats) {
    expect((await refresh(browser, seat)).json.user.username).toBe(username);
  }
  const listed = await browser.post("/auth/seat/list", { seat: newSeat() });
  expect(listed.json.seats.map((one: { username: string }) => one.username).sort()).toEqual([...people]);
  await browser.post("/auth/seat/logout", { seat: seats[1]!.seat });
  expect((await refresh(browser, seats[1]!.seat)).json.reason).toBe("SEAT_EMPTY");
  expect((await refresh(browser, seats[0]!.seat)).status).toBe(200);
  expect((await refresh(browser, seats[2]!.seat)).status).toBe(200);
});

test("tabs of one seat that refresh at the same moment stay signed in, all of them", async () => {
  const browser = openBrowser(mesh.url);
  const seat = newSeat();
  await logIn(browser, seat, "ada");
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(Array.from({ length: 4 }, () => refresh(browser, seat)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ cookies }) => cookies[0]?.value.split(".").at(-1))).size).toBe(1);
    await ageTokens();
  }
  expect((await refresh(browser, seat)).status).toBe(200);
});

test("a cookie that was stolen and is used later ends the seat, for the thief and for the owner", async () => {
  const owner = openBrowser(mesh.url);
  const seat = newSeat();
  await logIn(owner, seat, "ada");
  const thief = owner.copy();
  expect((await refresh(owner, seat)).status).toBe(200);
  await ageTokens();
  const stolen = await refresh(thief, seat);
  expect(stolen).toMatchObject({ status: 401, json: { reason: "REFRESH_REFUSED" } });
  expect(stolen.cookies[0]?.attributes).toContain("Max-Age=0");
  expect(await refresh(owner, seat)).toMatchObject({ status: 401, json: { reason: "REFRESH_REFUSED" } });
  expect(owner.cookies()).toEqual({});
  const reasons = await mesh.identitySql`select end_reason from sessions where end_reason = 'reuse'`;
  expect(reasons.length).toBeGreaterThan(0);
});

test("even at once a thief gains no line of tokens beside the owner's", async () => {
  const owner = openBrowser(mesh.url);
  const seat = newSeat();
  await logIn(owner, seat, "ada");
  const thief = owner.copy();
  await refresh(owner, seat);
  expect((await refresh(thief, seat)).status).toBe(200);
  expect(thief.cookies()[`ordermesh-seat-${seat}`]?.split(".").at(-1)).toBe(
    owner.cookies()[`ordermesh-seat-${seat}`]?.split(".").at(-1),
  );
  await refresh(owner, seat);
  await ageTokens();
  expect((await refresh(thief, seat)).status).toBe(401);
  expect((await refresh(owner, seat)).status).toBe(401);
});

test("the ninth seat takes the place of the one that was quiet for longest, whose token is over", async () => {
  const browser = openBrowser(mesh.url);
  const seats = Array.from({ length: 8 }, newSeat);
  for (const seat of seats) {
    await logIn(browser, seat, "ben");
  }
  // The first is used again a second later, so that the second one is the quietest.
  await eventually(async () => {
    const { cookies } = await refresh(browser, seats[0]!);
    const usedAt = (value = "") => Number.parseInt(value.split(".")[1] ?? "0", 36);
    expect(usedAt(cookies[0]?.value)).toBeGreaterThan(
      Math.max(...seats.slice(1).map((seat) => usedAt(browser.cookies()[`ordermesh-seat-${seat}`]))),
    );
  });
  const before = browser.copy();
  const ninth = newSeat();
  await logIn(browser, ninth, "cleo");
  const left = Object.keys(browser.cookies());
  expect(left).toHaveLength(8);
  expect(left).toEqual(expect.arrayContaining([`ordermesh-seat-${ninth}`, `ordermesh-seat-${seats[0]}`]));
  const gone = seats.filter((seat) => !left.includes(`ordermesh-seat-${seat}`));
  expect(gone).toHaveLength(1);
  expect(gone).not.toContain(seats[0]);
  expect((await refresh(before, gone[0]!)).json.reason).toBe("REFRESH_REFUSED");
});

test("whoever signs in to a seat that somebody has takes it over, and the former token is over", async () => {
  const browser = openBrowser(mesh.url);
  const seat = newSeat();
  await logIn(browser, seat, "ada");
  const former = browser.copy();
  await logIn(browser, seat, "ben");
  expect((await refresh(browser, seat)).json.user.username).toBe("ben");
  expect((await refresh(former, seat)).status).toBe(401);
});

test("while identity is away nothing is lost, and nobody is signed out by halves", async () => {
  const browser = openBrowser(mesh.url);
  const seat = newSeat();
  await logIn(browser, seat, "ada");
  mesh.identityLink.refuse();
  try {
    for (const path of ["refresh", "logout"]) {
      const answer = await browser.post(`/auth/seat/${path}`, { seat });
      expect(answer, path).toMatchObject({ status: 503, json: { reason: "UPSTREAM_UNAVAILABLE" } });
      expect(answer.cookies, path).toEqual([]);
    }
  } finally {
    mesh.identityLink.heal();
  }
  await eventually(async () => expect((await refresh(browser, seat)).status).toBe(200));
  expect(mesh.identityLink.faults()).toBeGreaterThan(0);
});

describe("what other pages can send (S22)", () => {
  test.each([
    ["another origin", { origin: "https://evil.example" }],
    ["no origin that a page has", { origin: "null" }],
    ["another port", { origin: "http://127.0.0.1:1" }],
    ["what the browser calls another site", { "sec-fetch-site": "cross-site" }],
    ["what the browser calls the same site, but another origin", { "sec-fetch-site": "same-site" }],
  ] as const)("%s is refused, and the cookie left as it is", async (_, headers) => {
    const browser = openBrowser(mesh.url);
    const seat = newSeat();
    await logIn(browser, seat, "ada");
    for (const path of ["login", "refresh", "logout", "list"]) {
      const answer = await browser.post(`/auth/seat/${path}`, { seat, headers });
      expect(answer, path).toMatchObject({ status: 403, json: { reason: "ORIGIN_NOT_ALLOWED" } });
      expect(answer.cookies, path).toEqual([]);
      expect(answer.headers.get("access-control-allow-origin"), path).toBeNull();
    }
    expect((await refresh(browser, seat)).status).toBe(200);
  });

  test.each([undefined, "", "short", "a".repeat(41), "a b".repeat(5), "<script>alert"])(
    "a seat called %s is none",
    async (seat) => {
      const browser = openBrowser(mesh.url);
      for (const path of ["login", "refresh", "logout", "list"]) {
        const answer = await browser.post(`/auth/seat/${path}`, {
          ...(seat !== undefined && { seat }),
          body: { username: "ada", password },
        });
        expect(answer, path).toMatchObject({ status: 400, json: { reason: "SEAT_MISSING" } });
        expect(answer.cookies).toEqual([]);
      }
    },
  );

  test("a form and a link can do nothing, and an allowed origin may not send the header", async () => {
    const browser = openBrowser(mesh.url);
    const seat = newSeat();
    await logIn(browser, seat, "ada");
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await browser.post("/auth/seat/logout", { headers: form, body: "" })).status).toBe(400);
    const asForm = await browser.post("/auth/seat/login", { seat, headers: form, body: "username=ada" });
    expect(asForm.json.reason).toBe("NOT_JSON");
    expect((await send("GET", `${mesh.url}/auth/seat/refresh`)).status).toBe(405);
    const shop = await mesh.startGateway({ GATEWAY_ALLOWED_ORIGINS: "https://shop.example.com" });
    try {
      const asked = await send("OPTIONS", `${shop.url}/auth/seat/refresh`, {
        headers: {
          origin: "https://shop.example.com",
          "access-control-request-method": "POST",
          "access-control-request-headers": "x-ordermesh-seat",
        },
      });
      expect(asked.headers.get("access-control-allow-headers")?.toLowerCase()).not.toContain("seat");
      expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
      const sent = await browser.post("/auth/seat/refresh", {
        seat,
        url: shop.url,
        headers: { origin: "https://shop.example.com" },
      });
      expect(sent.status).toBe(403);
    } finally {
      await shop.stop();
    }
    expect((await refresh(browser, seat)).status).toBe(200);
  });
});

test("behind TLS the cookie goes over nothing else, and the public origin is ours", async () => {
  const secure = await mesh.startGateway({ PUBLIC_URL: "https://shop.example.com/" });
  try {
    const browser = openBrowser(secure.url);
    const answer = await logIn(browser, newSeat(), "ada", {
      headers: { origin: "https://shop.example.com" },
    });
    expect(answer.status).toBe(200);
    expect(answer.cookies[0]?.attributes).toContain("Secure");
  } finally {
    await secure.stop();
  }
});

test("wrong passwords are told as such, counted, and limited", async () => {
  const limited = await mesh.startGateway({
    GATEWAY_CREDENTIAL_REQUESTS_PER_SECOND: "1",
    GATEWAY_CREDENTIAL_REQUESTS_BURST: "3",
  });
  try {
    const browser = openBrowser(limited.url);
    const seat = newSeat();
    const wrong = { seat, body: { username: "nobody-at-all", password: "wrong" } };
    const tries = await Promise.all(Array.from({ length: 5 }, () => browser.post("/auth/seat/login", wrong)));
    expect(tries.map(({ status }) => status).sort()).toEqual([401, 401, 401, 429, 429]);
    expect(tries.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("1");
    expect(browser.cookies()).toEqual({});
    const incomplete = await openBrowser(mesh.url).post("/auth/seat/login", { seat, body: { username: 1 } });
    expect(incomplete).toMatchObject({ status: 400, json: { reason: "MALFORMED_REQUEST" } });
  } finally {
    await limited.stop();
  }
});

test("no token and no password gets into a log, however talkative it is", async () => {
  const gateway = await mesh.startGatewayProcess({ LOG_LEVEL: "debug" });
  const seen = new Set<string>([password, "mistaken-password"]);
  try {
    const browser = openBrowser(gateway.url);
    const seat = newSeat();
    const remember = ({ json, cookies }: Awaited<ReturnType<Browser["post"]>>) => {
      for (const text of [json?.accessToken, ...cookies.map(({ value }) => value.split(".").at(-1))]) {
        if (typeof text === "string" && text !== "") {
          seen.add(text);
        }
      }
    };
    remember(await logIn(browser, seat, "ada"));
    remember(await refresh(browser, seat));
    await browser.post("/auth/seat/login", {
      seat: newSeat(),
      body: { username: "ada", password: "mistaken-password" },
    });
    mesh.identityLink.refuse();
    remember(await refresh(browser, seat));
    mesh.identityLink.heal();
    await eventually(async () => expect((await refresh(browser, seat)).status).toBe(200));
    await browser.post("/auth/seat/logout", { seat });
    await browser.post("/auth/seat/login", { seat, body: `{"username": "ada", "password": "${password}"` });
  } finally {
    mesh.identityLink.heal();
    await gateway.stop();
  }
  expect(seen.size).toBeGreaterThanOrEqual(6);
  expect(gateway.output()).toContain('"ready"');
  for (const secret of seen) {
    expect(gateway.output().includes(secret), secret).toBe(false);
  }
});

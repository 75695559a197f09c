import { Code } from "@connectrpc/connect";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bearer, type IdentityUnderTest, refusalOf, startIdentityUnderTest } from "./identity-under-test.ts";

let database: FreshDatabase;
let sql: postgres.Sql;
let identity: IdentityUnderTest;
let count = 0;

beforeAll(async () => {
  database = await freshDatabase();
  identity = await startIdentityUnderTest(database.url);
  sql = postgres(database.url, { max: 2, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end();
  await identity.stop();
  await database.drop();
});

const account = { username: "", password: "correct horse battery" };

beforeEach(async () => {
  count += 1;
  account.username = `user-${count}`;
  await identity.client.register(account);
});

const refresh = (refreshToken: string) => identity.client.refresh({ refreshToken });
const isRefused = async (refreshToken: string) => {
  const { code, reason } = await refusalOf(refresh(refreshToken));
  expect({ code, reason }).toEqual({ code: Code.Unauthenticated, reason: "REFRESH_REFUSED" });
};

test("each refresh token is good for the next one", async () => {
  let { refreshToken } = await identity.client.login(account);
  const seen = new Set([refreshToken]);
  for (let turn = 0; turn < 5; turn += 1) {
    const next = await refresh(refreshToken);
    await identity.client.getMe({}, bearer(next.accessToken));
    ({ refreshToken } = next);
    seen.add(refreshToken);
  }
  expect(seen.size).toBe(6);
});

test("one that comes again ends all that came of its login, and no other login", async () => {
  const stolen = await identity.client.login(account);
  const elsewhere = await identity.client.login(account);
  const second = await refresh(stolen.refreshToken);
  const third = await refresh(second.refreshToken);
  await isRefused(stolen.refreshToken);
  await isRefused(third.refreshToken);
  await isRefused(second.refreshToken);
  await refresh(elsewhere.refreshToken);
  const ended = await sql`select end_reason from sessions where ended_at is not null`;
  expect(ended.map((row) => row.end_reason)).toContain("reuse");
  const metrics = await (await fetch(`http://${identity.address}/metrics`)).text();
  expect(metrics).toMatch(/ordermesh_identity_refresh_tokens_reused_total\{[^}]*\} [1-9]/);
});

test("those who use one token at the same time, and whoever asks again at once, get the same next one", async () => {
  const { refreshToken } = await identity.client.login(account);
  const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(refreshToken)));
  answers.push(await refresh(refreshToken));
  const [next = "", ...others] = new Set(answers.map((answer) => answer.refreshToken));
  expect(others).toEqual([]);
  for (const { accessToken } of answers) {
    await identity.client.getMe({}, bearer(accessToken));
  }
  // From here on the first one is a stolen one: its successor has been used.
  await refresh(next);
  await isRefused(refreshToken);
  await isRefused(next);
});

test("a token that comes again later ends its login, although the next one was never used", async () => {
  const { refreshToken } = await identity.client.login(account);
  const next = await refresh(refreshToken);
  const aged = await sql`
    update refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null returning 1`;
  expect(aged.length).toBeGreaterThan(0);
  await isRefused(refreshToken);
  await isRefused(next.refreshToken);
});

test("without a time for repetitions each token is good for one call", async () => {
  const strict = await startIdentityUnderTest(database.url, { REFRESH_REPEAT_SECONDS: "0" });
  try {
    const { refreshToken } = await strict.client.login(account);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => strict.client.refresh({ refreshToken })),
    );
    const next = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(next.length).toBe(1);
    await isRefused(next[0]?.refreshToken ?? "");
  } finally {
    await strict.stop();
  }
});

test("a logout ends a login, also by a former token of it; twice is no mistake", async () => {
  const first = await identity.client.login(account);
  const second = await refresh(first.refreshToken);
  await identity.client.logout({ refreshToken: first.refreshToken });
  await isRefused(second.refreshToken);
  await identity.client.logout({ refreshToken: second.refreshToken });
  await identity.client.logout({ refreshToken: "never heard of" });
});

test("a login ends with its age", async () => {
  const { refreshToken } = await identity.client.login(account);
  await sql`update sessions set expires_at = now() where ended_at is null`;
  await isRefused(refreshToken);
});

test("what was made up is refused", async () => {
  await isRefused("x");
  await isRefused("A".repeat(43));
});

test("Verify tells whose an access token is, and no more of one that is no good", async () => {
  const { accessToken, expiresAt, user } = await identity.client.login(account);
  expect(await identity.client.verify({ accessToken })).toMatchObject({
    valid: true,
    userId: user?.userId,
    roles: ["buyer"],
    expiresAt,
  });
  const changed = `${accessToken.slice(0, -8)}AAAAAAAA`;
  expect(await identity.client.verify({ accessToken: changed })).toMatchObject({
    valid: false,
    userId: 0n,
    roles: [],
  });
});

import { Code, type ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { decodeJwt, decodeProtectedHeader } from "jose";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bearer,
  from,
  type IdentityUnderTest,
  refusalOf,
  startIdentityUnderTest,
} from "./identity-under-test.ts";

let database: FreshDatabase;
let sql: postgres.Sql;
let identity: IdentityUnderTest;

const password = "correct horse battery";
let hosts = 0;

/** An address that nobody else has tried from. */
function newHost(): ReturnType<typeof from> {
  hosts += 1;
  return from(`198.51.${Math.floor(hosts / 250)}.${(hosts % 250) + 1}`);
}

const register = (username: string) => identity.client.register({ username, password }, newHost());
const logIn = (username: string, secret = password) =>
  identity.client.login({ username, password: secret }, newHost());

beforeAll(async () => {
  database = await freshDatabase();
  identity = await startIdentityUnderTest(database.url, {
    IDENTITY_OPERATOR_USERNAME: "root",
    IDENTITY_OPERATOR_PASSWORD: password,
  });
  sql = postgres(database.url, { max: 2, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end();
  await identity.stop();
  await database.drop();
});

describe("a user", () => {
  test("registers, logs in, and is known by the token", async () => {
    const { user } = await register("Ada.Lovelace");
    expect(user).toMatchObject({ username: "Ada.Lovelace", roles: ["buyer"] });
    expect(user?.userId).toBeGreaterThanOrEqual(1000n);
    const login = await logIn("ada.lovelace");
    expect(login.user).toEqual(user);
    const { user: me } = await identity.client.getMe({}, bearer(login.accessToken));
    expect(me).toEqual(user);

    expect(decodeProtectedHeader(login.accessToken)).toEqual({
      alg: "ES256",
      typ: "at+jwt",
      kid: expect.any(String),
    });
    const claims = decodeJwt(login.accessToken);
    expect(claims).toMatchObject({
      iss: "ordermesh",
      aud: "ordermesh",
      sub: `${user?.userId}`,
      roles: ["buyer"],
      scope: "ordermesh",
      jti: expect.any(String),
    });
    expect(claims.nbf).toBe(claims.iat);
    expect(claims.exp! - claims.iat!).toBe(900);
    expect(Number(login.expiresAt?.seconds)).toBe(claims.exp);
  });

  test("may tell who they are, which they alone see, and no token holds", async () => {
    const told = { email: "ada@example.com", firstName: "Ada", lastName: "Lovelace" };
    await identity.client.register({ username: "told", password, ...told }, newHost());
    const login = await logIn("told");
    expect(login.user).toMatchObject(told);
    expect((await identity.client.getMe({}, bearer(login.accessToken))).user).toMatchObject(told);
    expect(JSON.stringify(decodeJwt(login.accessToken))).not.toMatch(/ada@|Lovelace/);
    const root = await logIn("root");
    const { user } = await identity.client.setRoles(
      { userId: login.user?.userId ?? 0n, roles: ["seller"] },
      bearer(root.accessToken),
    );
    expect(user).toMatchObject({ roles: ["seller"], email: "", firstName: "", lastName: "" });
  });

  test.each([
    ["email", "ada@example"],
    ["email", "ada lovelace@example.com"],
    ["email", `${"a".repeat(250)}@example.com`],
    ["firstName", "Ada\u0000"],
    ["lastName", "x".repeat(101)],
    ["lastName", "Love\nlace"],
  ])("can not tell %s %j", async (field, value) => {
    const { code } = await refusalOf(
      identity.client.register({ username: "untold", password, [field]: value }, newHost()),
    );
    expect(code).toBe(Code.InvalidArgument);
  });

  test("has a name that nobody else has, also in other letters", async () => {
    await register("grace");
    const { code, reason } = await refusalOf(register("GRACE"));
    expect({ code, reason }).toEqual({ code: Code.AlreadyExists, reason: "USERNAME_TAKEN" });
  });

  test("of the same name at the same time there is one", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => register("twin")));
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
  });

  test.each([
    ["ab", password],
    ["has space", password],
    ["x".repeat(65), password],
    ["semi;colon", password],
    ["short", "too short"],
    ["long", "x".repeat(201)],
  ])("named %j is not taken", async (username, secret) => {
    const work = identity.client.register({ username, password: secret }, newHost());
    expect((await refusalOf(work)).code).toBe(Code.InvalidArgument);
  });

  test("may type the password on another keyboard", async () => {
    // The same letters, as one character and as two.
    await identity.client.register(
      { username: "umlaut", password: "gr\u00fc\u00dfe aus k\u00f6ln" },
      newHost(),
    );
    expect((await logIn("umlaut", "gru\u0308\u00dfe aus ko\u0308ln")).accessToken).not.toBe("");
  });

  test("without a token is told to get one", async () => {
    const { code, reason, rawMessage } = await refusalOf(identity.client.getMe({}));
    expect({ code, reason }).toEqual({ code: Code.Unauthenticated, reason: "TOKEN_MISSING" });
    expect(rawMessage).toContain("IdentityService/Login");
  });

  test("is stored with an argon2id hash, and no table has a password or a token", async () => {
    await register("stored");
    const { accessToken, refreshToken } = await logIn("stored");
    const [row] = await sql`select password_hash from users where username = 'stored'`;
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const tables = ["users", "sessions", "refresh_tokens", "signing_keys", "login_limits"];
    const dump = await Promise.all(tables.map((table) => sql.unsafe(`select t::text from ${table} t`)));
    const text = JSON.stringify(dump);
    expect(text).toContain("stored");
    for (const secret of [password, accessToken, refreshToken, Buffer.from(refreshToken).toString("hex")]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe("a wrong login", () => {
  test("is the same whether or not there is such a user", async () => {
    await register("exists");
    const wrong = await refusalOf(logIn("exists", "not the password"));
    const unknown = await refusalOf(logIn("nobody-at-all", "not the password"));
    expect(wrong.code).toBe(Code.Unauthenticated);
    // All that a caller sees but the time of day.
    const seen = ({ code, rawMessage, details, metadata }: ConnectError) => ({
      code,
      rawMessage,
      details,
      headers: [...metadata].filter(([name]) => name !== "date"),
    });
    expect(seen(unknown)).toEqual(seen(wrong));
  });

  test("costs as much work whether or not there is such a user", async () => {
    await register("timed");
    const work: Record<string, number[]> = { timed: [], "nobody-timed": [] };
    for (let round = 0; round < 11; round += 1) {
      for (const [name, measured] of Object.entries(work)) {
        // Processor time of this process, in which identity runs: it does not depend on what else the machine does.
        const before = process.cpuUsage();
        await refusalOf(logIn(name, "not the password"));
        const { user, system } = process.cpuUsage(before);
        measured.push((user + system) / 1_000);
      }
    }
    const [known = 0, unknown = 0] = Object.values(work).map(
      (measured) => measured.sort((a, b) => a - b)[5] ?? 0,
    );
    process.stdout.write(
      `wrong password ${known.toFixed(1)} ms, unknown user ${unknown.toFixed(1)} ms of work\n`,
    );
    // Without the hash that nobody has, it would be a quarter.
    expect(unknown).toBeGreaterThan(known / 2);
    expect(unknown).toBeLessThan(known * 2);
  });
});

describe("S23: tries to log in", () => {
  test("are limited for one name from one address, all at once as well; others are let in", async () => {
    await register("guessed");
    const guesser = newHost();
    const guess = () => identity.client.login({ username: "Guessed", password: "guess" }, guesser);
    const refusals = await Promise.all(Array.from({ length: 12 }, () => refusalOf(guess())));
    const reasons = refusals.map(({ reason }) => reason).sort();
    expect(reasons.filter((reason) => reason === "WRONG_LOGIN").length).toBe(5);
    expect(reasons.filter((reason) => reason === "TOO_MANY_TRIES").length).toBe(7);
    const limited = refusals.find(({ reason }) => reason === "TOO_MANY_TRIES");
    expect(limited?.code).toBe(Code.ResourceExhausted);
    const [retry] = limited?.findDetails(RetryInfoSchema) ?? [];
    expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(0);
    expect(Number(retry?.retryDelay?.seconds)).toBeLessThanOrEqual(30);

    // The right password does not help him who has guessed too often; its owner, elsewhere, gets in.
    const lucky = identity.client.login({ username: "guessed", password }, guesser);
    expect((await refusalOf(lucky)).reason).toBe("TOO_MANY_TRIES");
    expect((await logIn("guessed")).accessToken).not.toBe("");
    expect((await refusalOf(identity.client.login({ username: "somebody", password }, guesser))).reason).toBe(
      "WRONG_LOGIN",
    );
  });

  test("are limited for one address with many names, and for one name from many addresses", async () => {
    const sprayer = newHost();
    const sprayed = await Promise.all(
      Array.from({ length: 70 }, (_, index) =>
        refusalOf(identity.client.login({ username: `sprayed-${index}`, password: "guess" }, sprayer)),
      ),
    );
    const counts = (refusals: { reason: string }[]) =>
      refusals.filter(({ reason }) => reason === "TOO_MANY_TRIES").length;
    // A try comes free every other second while this runs.
    expect(counts(sprayed)).toBeGreaterThan(0);
    expect(70 - counts(sprayed)).toBeGreaterThanOrEqual(60);

    const herd = await Promise.all(Array.from({ length: 40 }, () => refusalOf(logIn("herded", "guess"))));
    expect(counts(herd)).toBeGreaterThan(0);
    expect(40 - counts(herd)).toBeGreaterThanOrEqual(30);
  });

  test("that were right count for nothing", async () => {
    await register("frequent");
    const home = newHost();
    for (let login = 0; login < 20; login += 1) {
      await identity.client.login({ username: "frequent", password }, home);
    }
  });

  test("can not be spread by making up addresses", async () => {
    const strict = await startIdentityUnderTest(database.url, { TRUSTED_PROXIES: "" });
    const guess = (index: number) =>
      refusalOf(
        strict.client.login({ username: "spoofed", password: "guess" }, from(`203.0.113.${index + 1}`)),
      );
    const refusals = await Promise.all(Array.from({ length: 10 }, (_, index) => guess(index)));
    expect(refusals.filter(({ reason }) => reason === "TOO_MANY_TRIES").length).toBe(5);
    await strict.stop();
  });
});

describe("roles", () => {
  test("are given by operators, and are in the next tokens", async () => {
    const { user } = await register("merchant");
    const operator = await logIn("root");
    const buyer = await logIn("merchant");
    const roles = { userId: user?.userId, roles: ["seller", "buyer"] };
    const refused = await refusalOf(identity.client.setRoles(roles, bearer(buyer.accessToken)));
    expect(refused.code).toBe(Code.PermissionDenied);

    const changed = await identity.client.setRoles(roles, bearer(operator.accessToken));
    expect(changed.user?.roles).toEqual(["buyer", "seller"]);
    const { accessToken } = await identity.client.refresh({ refreshToken: buyer.refreshToken });
    expect(decodeJwt(accessToken).roles).toEqual(["buyer", "seller"]);
    const unknown = identity.client.setRoles({ ...roles, userId: 999_999n }, bearer(operator.accessToken));
    expect((await refusalOf(unknown)).code).toBe(Code.NotFound);
    const service = identity.client.setRoles({ ...roles, roles: ["service"] }, bearer(operator.accessToken));
    expect((await refusalOf(service)).code).toBe(Code.InvalidArgument);
  });

  test("S03: come from the database, whatever a request says", async () => {
    const response = await fetch(
      `http://${identity.address}/ordermesh.identity.v1.IdentityService/Register`,
      {
        method: "POST",
        headers: { "content-type": "application/json", "x-roles": "operator", "x-user-id": "5" },
        body: JSON.stringify({ username: "sneaky", password, roles: ["operator"], userId: "1" }),
      },
    );
    expect(response.status).toBe(400);
    await register("sneaky");
    expect((await logIn("sneaky")).user?.roles).toEqual(["buyer"]);
  });
});

describe("demo users", () => {
  test("are there only where they were asked for", async () => {
    expect((await refusalOf(logIn("buyer", "ordermesh-demo"))).reason).toBe("WRONG_LOGIN");
    const other = await freshDatabase();
    const demo = await startIdentityUnderTest(other.url, { IDENTITY_DEMO_USERS: "true" });
    const users = await Promise.all(
      ["buyer", "buyer2", "seller", "platform", "operator", "waiter"].map(
        async (username) => (await demo.client.login({ username, password: "ordermesh-demo" })).user,
      ),
    );
    expect(users.map((user) => `${user?.userId} ${user?.roles.join()}`)).toEqual([
      "1 buyer",
      "2 buyer",
      "3 seller",
      "4 platform",
      "5 operator",
      "6 seller",
    ]);
    await demo.stop();
    // Started again, it leaves them as they are.
    const again = await startIdentityUnderTest(other.url, { IDENTITY_DEMO_USERS: "true" });
    await again.stop();
    await other.drop();
  });
});

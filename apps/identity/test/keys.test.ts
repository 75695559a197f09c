import { randomBytes } from "node:crypto";
import { openAuth } from "@ordermesh/auth/auth";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { decodeProtectedHeader } from "jose";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  bearer,
  encryptionKey,
  type IdentityUnderTest,
  startIdentityUnderTest,
} from "./identity-under-test.ts";

let database: FreshDatabase;
const running: IdentityUnderTest[] = [];

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((identity) => identity.stop()));
  await database.drop();
});

async function start(
  ...options: Parameters<typeof startIdentityUnderTest> extends [string, ...infer Rest] ? Rest : []
) {
  const identity = await startIdentityUnderTest(database.url, ...options);
  running.push(identity);
  return identity;
}

interface PublishedKey {
  readonly kid: string;
  readonly d?: string;
}

async function publishedKeys({ jwksUrl }: IdentityUnderTest): Promise<PublishedKey[]> {
  const response = await fetch(jwksUrl);
  expect(response.headers.get("content-type")).toBe("application/json");
  return ((await response.json()) as { keys: PublishedKey[] }).keys;
}

const account = { username: "somebody", password: "correct horse battery" };

/** A receiver of tokens, as every service is. */
const receiver = (identity: IdentityUnderTest) =>
  openAuth({
    config: {
      userTokens: {
        issuer: "ordermesh",
        audience: "ordermesh",
        roleClaim: "roles",
        userIdClaim: "sub",
        algorithms: ["ES256"],
        tokenType: "at+jwt",
      },
      jwksUrl: identity.jwksUrl,
      serviceKeys: undefined,
      ownKey: undefined,
    },
    service: "loms",
    logger: testLogger(),
    jwks: { refreshAfterMs: 20, retryAfterMs: 20 },
  });

test("the public keys are published, and nothing else of them", async () => {
  const identity = await start();
  const keys = await publishedKeys(identity);
  expect(keys).toEqual([
    {
      kty: "EC",
      crv: "P-256",
      alg: "ES256",
      use: "sig",
      kid: expect.any(String),
      x: expect.any(String),
      y: expect.any(String),
    },
  ]);
  expect((await fetch(identity.jwksUrl, { method: "POST" })).status).toBe(405);
});

test("S07: keys change under use, and no token is refused before its time", async () => {
  const times = { rotateAfterMs: 700, publishAheadMs: 300, keepMs: 600 };
  const replicas = [
    await start({}, { keyTimes: times, keysEveryMs: 50 }),
    await start({}, { keyTimes: times, keysEveryMs: 50 }),
  ];
  const [first, second] = replicas as [IdentityUnderTest, IdentityUnderTest];
  await first.client.register(account);
  const { user, ...login } = await first.client.login(account);
  let { refreshToken } = login;
  const services = await Promise.all([receiver(first), receiver(second)]);
  const signers = new Set<string>();
  const published = new Set<string>();
  let accepted = 0;
  await eventually(
    async () => {
      for (const replica of replicas) {
        const next = await replica.client.refresh({ refreshToken });
        ({ refreshToken } = next);
        signers.add(decodeProtectedHeader(next.accessToken).kid ?? "");
        for (const service of services) {
          expect(await service.identify(`Bearer ${next.accessToken}`)).toMatchObject({
            userId: user?.userId,
          });
          accepted += 1;
        }
        await second.client.getMe({}, bearer(next.accessToken));
        for (const { kid } of await publishedKeys(replica)) {
          published.add(kid);
        }
      }
      expect(signers.size).toBeGreaterThanOrEqual(4);
    },
    { timeoutMs: 30_000, everyMs: 5 },
  ).catch((error: unknown) => {
    throw new Error(`after ${accepted} tokens: ${error}`);
  });
  process.stdout.write(`${accepted} tokens accepted over ${signers.size} keys\n`);
  expect([...signers].every((kid) => published.has(kid))).toBe(true);
  // Former keys are gone, for receivers too.
  await eventually(async () => {
    const keys = (await publishedKeys(first)).map(({ kid }) => kid);
    expect([...signers].some((kid) => !keys.includes(kid))).toBe(true);
  });
});

test("the keys last over a restart, and are of no use without the installation's key", async () => {
  const before = await start();
  await before.client.register(account);
  const { accessToken } = await before.client.login(account);
  const keys = await publishedKeys(before);
  await running.pop()?.stop();
  const after = await start();
  expect(await publishedKeys(after)).toEqual(keys);
  await after.client.getMe({}, bearer(accessToken));

  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const [row] = await sql`select sealed_private_key, public_key from signing_keys`;
  await sql.end();
  const sealed = Buffer.from(row?.sealed_private_key as Uint8Array).toString("latin1");
  expect(sealed).not.toContain('"d"');
  expect(sealed).not.toContain("P-256");
  expect(row?.public_key).not.toContain('"d"');
  const otherKey = randomBytes(32).toString("base64");
  expect(otherKey).not.toBe(encryptionKey);
  await expect(start({ IDENTITY_KEY_ENCRYPTION_KEY: otherKey })).rejects.toThrow(
    "made with another IDENTITY_KEY_ENCRYPTION_KEY",
  );
});

test("without a key of the installation it does not start", async () => {
  await expect(start({ IDENTITY_KEY_ENCRYPTION_KEY: "short" })).rejects.toThrow("must be 32 bytes in base64");
});

test("replicas that start together make one key", async () => {
  const replicas = await Promise.all([start(), start(), start()]);
  const keys = await Promise.all(replicas.map(publishedKeys));
  expect(keys[0]?.length).toBe(1);
  expect(keys[1]).toEqual(keys[0]);
  expect(keys[2]).toEqual(keys[0]);
});

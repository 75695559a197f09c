import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Failure } from "@ordermesh/failure/failure";
import type { Principal } from "@ordermesh/rpc/authorization";
import { eventually } from "@ordermesh/testkit/eventually";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Auth, openAuth } from "../src/auth.ts";
import { forgedTokens } from "./attack-tokens.ts";

let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await startTestIssuer();
});

afterEach(() => issuer.close());

/** How long a receiver takes the keys for fresh, in these tests. */
type Times = Parameters<typeof openAuth>[0]["jwks"];

const open = (times: Times = {}): Promise<Auth> =>
  openAuth({ config: issuer.authConfig("loms"), service: "loms", logger: testLogger(), jwks: times });

async function identify(auth: Auth, token: string): Promise<Principal> {
  return await auth.identify(`Bearer ${token}`);
}

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => {
      throw new Error("the token was accepted");
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe("S06: tokens that are no good", () => {
  let lure: { readonly url: string; readonly requests: () => number; close(): void };

  beforeAll(async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    lure = { url: `http://127.0.0.1:${port}/keys`, requests: () => requests, close: () => server.close() };
  });

  afterAll(() => lure.close());

  test("are refused, each of them, and nobody is asked for keys but the issuer", async () => {
    const forged = await forgedTokens(issuer, lure.url);
    expect(Object.keys(forged).length).toBeGreaterThan(25);
    const auth = await open();
    const before = issuer.fetches();
    for (const [name, token] of Object.entries(forged)) {
      const { kind, reason, message } = await refusal(identify(auth, token)).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`);
      });
      expect({ name, kind, reason }).toEqual({ name, kind: "unauthenticated", reason: "TOKEN_REFUSED" });
      expect(message).toContain("authorization: Bearer");
      expect(message).not.toContain(token);
    }
    // The first one fetched the keys. Those with a key that is not known came too soon to have them fetched again.
    expect(issuer.fetches() - before).toBe(1);
    expect(lure.requests()).toBe(0);
    // It is not that this receiver refuses everything.
    expect(await identify(auth, await issuer.userToken(1, ["buyer"]))).toEqual({
      kind: "user",
      userId: 1n,
      roles: ["buyer"],
    });
  });

  test.each(["Basic YTpi", "Bearer", "Bearer a b", "bearer\tx", "", "Bearer a,Bearer b"])(
    "so is the header %j",
    async (header) => {
      const auth = await open();
      expect((await refusal(Promise.resolve().then(() => auth.identify(header)))).kind).toBe(
        "unauthenticated",
      );
      expect(issuer.fetches()).toBe(0);
    },
  );

  test("a service's token is good for the service that it was made for, and no other", async () => {
    const auth = await open();
    const token = await issuer.serviceToken("checkout", "loms");
    expect(await identify(auth, token)).toEqual({ kind: "service", name: "checkout" });
    await refusal(identify(auth, await issuer.serviceToken("checkout", "payments")));
    expect(issuer.fetches()).toBe(0);
  });

  test("a service can not sign in another's name", async () => {
    const { ownKey } = issuer.authConfig("product");
    const thief = await startTestIssuer(["checkout"]);
    // The key that a stranger made for "checkout" is not the one that loms knows by that name.
    await refusal(identify(await open(), await thief.serviceToken("checkout", "loms")));
    await thief.close();
    const config = { ...issuer.authConfig("checkout"), ownKey };
    const wrong = openAuth({ config, service: "checkout", logger: testLogger() });
    await expect(wrong).rejects.toThrow("is the key of product, and not of checkout");
  });
});

describe("a good token", () => {
  test("is verified once, and then costs no waiting", async () => {
    const auth = await open();
    const header = `Bearer ${await issuer.userToken(7, ["buyer", "seller"])}`;
    const [first, second] = await Promise.all([auth.identify(header), auth.identify(header)]);
    expect(first).toBe(second);
    // No promise: the principal itself.
    expect(auth.identify(header)).toBe(first);
  });

  test("is not remembered beyond its end", async () => {
    const auth = await open();
    const now = Math.floor(Date.now() / 1_000);
    // Within what the clocks may differ by, and expired all the same.
    const token = await issuer.userToken(7, ["buyer"], { exp: now - 1 });
    await identify(auth, token);
    expect(auth.identify(`Bearer ${token}`)).toBeInstanceOf(Promise);
    await identify(auth, token);
  });

  test("may come from another issuer, who names things differently", async () => {
    const config = issuer.authConfig("loms");
    const auth = await openAuth({
      config: {
        ...config,
        userTokens: {
          ...config.userTokens,
          issuer: "https://login.example/realm",
          audience: "shop",
          roleClaim: "groups",
          userIdClaim: "shop_user",
          tokenType: "",
        },
      },
      service: "loms",
      logger: testLogger(),
    });
    const token = await issuer.userToken(1, [], {
      iss: "https://login.example/realm",
      aud: ["shop", "account"],
      sub: "d3b07384-d9a0-4c9b-8f5e-2f1f5f0c1a11",
      shop_user: "42",
      groups: "buyer seller",
    });
    expect(await identify(auth, token)).toEqual({ kind: "user", userId: 42n, roles: ["buyer", "seller"] });
  });
});

describe("S07: the issuer's keys", () => {
  test("a new key is fetched when the first token comes that it signed; the former one goes on being good", async () => {
    const auth = await open({ retryAfterMs: 0 });
    const former = await issuer.userToken(1, ["buyer"]);
    await identify(auth, former);
    await issuer.rotate();
    expect(await identify(auth, await issuer.userToken(2, ["buyer"]))).toMatchObject({ userId: 2n });
    expect(issuer.fetches()).toBe(2);
    expect(await identify(auth, await former)).toMatchObject({ userId: 1n });
  });

  test("a flood of unknown keys has them fetched once", async () => {
    const auth = await open();
    await identify(auth, await issuer.userToken(1, ["buyer"]));
    const stranger = await startTestIssuer();
    const tokens: string[] = [];
    for (let count = 0; count < 200; count += 1) {
      await stranger.rotate();
      tokens.push(await stranger.userToken(count + 1, ["operator"]));
    }
    await Promise.all(tokens.map((token) => refusal(identify(auth, token))));
    expect(issuer.fetches()).toBe(1);
    await stranger.close();
  });

  test("while the issuer is away the last good keys stay in use", async () => {
    const auth = await open({ refreshAfterMs: 0, retryAfterMs: 0 });
    await identify(auth, await issuer.userToken(1, ["buyer"]));
    issuer.goAway(true);
    for (let userId = 2; userId < 12; userId += 1) {
      expect(await identify(auth, await issuer.userToken(userId, ["buyer"]))).toMatchObject({
        userId: BigInt(userId),
      });
    }
  });

  test("who has never had the keys says so, asks at most once in a while, and recovers", async () => {
    issuer.goAway(true);
    const auth = await open({ firstRetryAfterMs: 50 });
    const token = await issuer.userToken(1, ["buyer"]);
    const { kind, reason } = await refusal(identify(auth, token));
    expect({ kind, reason }).toEqual({ kind: "unavailable", reason: "KEYS_UNAVAILABLE" });
    issuer.goAway(false);
    await eventually(async () => expect(await identify(auth, token)).toMatchObject({ userId: 1n }));
    expect(issuer.fetches()).toBe(1);
  });

  test("a key that was removed is refused soon, also for tokens that are remembered", async () => {
    const auth = await open({ refreshAfterMs: 20, retryAfterMs: 20 });
    const token = await issuer.userToken(1, ["buyer"]);
    await identify(auth, token);
    await issuer.rotate();
    issuer.removeFormerKeys();
    await eventually(async () => {
      const { reason } = await refusal(identify(auth, token));
      expect(reason).toBe("TOKEN_REFUSED");
    });
  });
});

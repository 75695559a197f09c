import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AuthConfig } from "@ordermesh/auth/config";
import { generateServiceKey, publicPart } from "@ordermesh/auth/make-service-keys";
import { createServiceTokens } from "@ordermesh/auth/service-tokens";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** Stands in for identity in tests of services that only check tokens: an issuer with keys, and keys of services. */
export interface TestIssuer {
  readonly jwksUrl: string;
  /** How often the keys were asked for. */
  fetches(): number;
  /** The configuration of a service that trusts this issuer. */
  authConfig(service: string): AuthConfig;
  /** The same as variables of the environment. */
  environment(service: string): Record<string, string>;
  /** A user's access token, as identity makes them; claims given here replace its own. */
  userToken(userId: number | bigint, roles: readonly string[], claims?: JWTPayload): Promise<string>;
  /** The token with which one service calls another. */
  serviceToken(service: string, target: string): Promise<string>;
  /** From now on tokens are signed with a new key, and the former ones are published beside it. */
  rotate(): Promise<void>;
  /** Publishes only the key that signs now. */
  removeFormerKeys(): void;
  /** Cuts every connection and answers nobody, until it is called again with false. */
  goAway(away: boolean): void;
  close(): Promise<void>;
}

export async function startTestIssuer(
  services: readonly string[] = [
    "checkout",
    "gateway",
    "loms",
    "payments",
    "notifications",
    "product",
    "tables",
    "identity",
    "ordermesh",
  ],
): Promise<TestIssuer> {
  let fetched = 0;
  let away = false;
  let count = 0;
  let keys: { readonly jwk: JWK; readonly privateKey: CryptoKey }[] = [];
  const serviceKeys = new Map(
    await Promise.all(services.map(async (name) => [name, await generateServiceKey(name)] as const)),
  );

  async function rotate(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    count += 1;
    keys = [
      { jwk: { ...(await exportJWK(publicKey)), kid: `key-${count}`, alg: "ES256" }, privateKey },
      ...keys,
    ];
  }
  await rotate();

  const server = createServer((request, response) => {
    if (away) {
      request.socket.destroy();
      return;
    }
    fetched += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  const publicKeys = () => JSON.stringify({ keys: [...serviceKeys.values()].map(publicPart) });
  const keyOf = (service: string): JWK => {
    const key = serviceKeys.get(service);
    if (key === undefined) {
      throw new Error(`The test issuer has no key for ${service}.`);
    }
    return key;
  };

  return {
    jwksUrl,
    fetches: () => fetched,
    authConfig: (service) => ({
      userTokens: {
        issuer: "ordermesh",
        audience: "ordermesh",
        roleClaim: "roles",
        userIdClaim: "sub",
        algorithms: ["ES256"],
        tokenType: "at+jwt",
      },
      jwksUrl,
      serviceKeys: { json: publicKeys() },
      ownKey: { json: JSON.stringify(keyOf(service)) },
    }),
    environment: (service) => ({
      AUTH: "on",
      IDENTITY_JWKS_URL: jwksUrl,
      SERVICE_KEYS: publicKeys(),
      SERVICE_KEY: JSON.stringify(keyOf(service)),
    }),
    async userToken(userId, roles, claims = {}) {
      const [signing] = keys;
      const now = Math.floor(Date.now() / 1_000);
      return await new SignJWT({
        iss: "ordermesh",
        aud: "ordermesh",
        sub: `${userId}`,
        roles: [...roles],
        scope: "",
        jti: `${Math.random()}`,
        iat: now,
        nbf: now,
        exp: now + 900,
        ...claims,
      })
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: signing?.jwk.kid ?? "" })
        .sign(signing!.privateKey);
    },
    serviceToken: async (service, target) =>
      await createServiceTokens(keyOf(service)).credentialsFor(target)(),
    rotate,
    removeFormerKeys() {
      keys = keys.slice(0, 1);
    },
    goAway(gone) {
      away = gone;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

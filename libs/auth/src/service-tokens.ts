import type { Credentials } from "@ordermesh/rpc/client-call";
import { createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey, jwtVerify, SignJWT } from "jose";
import { tokenRefused } from "./refusals.ts";
import { clockToleranceSeconds, refusalOf, type VerifiedToken } from "./user-tokens.ts";

/** The issuer that all services name in the tokens that they sign themselves. */
export const servicesIssuer = "ordermesh-services";

export const tokenType = "at+jwt";

const lifetimeSeconds = 300;

/** A token is replaced this long before it expires, so that none expires under way. */
const renewSeconds = 60;

/** What vouches for one service towards the others. */
export interface ServiceTokens {
  /**
   * Credentials for calls to one service. Its tokens are good there only, so that whoever receives one can not use it
   * elsewhere.
   */
  credentialsFor(target: string): Credentials;
}

/** @param key the private key; its kid is the service's name. */
export function createServiceTokens(key: JWK): ServiceTokens {
  const name = key.kid ?? "";
  const privateKey = importJWK(key, "ES256");
  // Whoever asks first gets the error as well.
  privateKey.catch(() => undefined);

  async function sign(target: string, nowSeconds: number): Promise<string> {
    return await new SignJWT({ roles: ["service"] })
      .setProtectedHeader({ alg: "ES256", kid: name, typ: tokenType })
      .setIssuer(servicesIssuer)
      .setSubject(`service:${name}`)
      .setAudience(target)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + lifetimeSeconds)
      .sign(await privateKey);
  }

  return {
    credentialsFor(target) {
      let current: { token: string | Promise<string>; renewAtSeconds: number } | undefined;
      return () => {
        const nowSeconds = Math.floor(Date.now() / 1_000);
        if (current !== undefined && nowSeconds < current.renewAtSeconds) {
          return current.token;
        }
        const token = sign(target, nowSeconds);
        const signing = {
          token,
          renewAtSeconds: nowSeconds + lifetimeSeconds - renewSeconds,
        } as typeof current & object;
        current = signing;
        token.then(
          (signed) => {
            signing.token = signed;
          },
          () => {
            current = undefined;
          },
        );
        return token;
      };
    },
  };
}

/** The public keys by which the tokens of services are checked. */
export function serviceKeySet(keys: readonly JWK[]): JWTVerifyGetKey {
  return createLocalJWKSet({ keys: [...keys] });
}

/**
 * @param audience the service that received the token.
 * @throws Failure `unauthenticated`.
 */
export async function verifyServiceToken(
  token: string,
  keys: JWTVerifyGetKey,
  audience: string,
): Promise<VerifiedToken> {
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: servicesIssuer,
    audience,
    algorithms: ["ES256"],
    typ: tokenType,
    clockTolerance: clockToleranceSeconds,
    maxTokenAge: 2 * lifetimeSeconds,
    requiredClaims: ["exp", "sub"],
  }).catch((error: unknown) => {
    throw refusalOf(error);
  });
  const name = protectedHeader.kid ?? "";
  if (name === "" || payload.sub !== `service:${name}`) {
    throw tokenRefused("it names another service than the one that signed it");
  }
  return { principal: { kind: "service", name }, expiresAtMs: (payload.exp ?? 0) * 1_000 };
}

import { Failure } from "@ordermesh/failure/failure";
import type { Principal } from "@ordermesh/rpc/authorization";
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { tokenRefused } from "./refusals.ts";

/** A token that was found good. */
export interface VerifiedToken {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** What an issuer's tokens look like. The defaults are those of apps/identity; any OIDC issuer can be described so. */
export interface UserTokenFormat {
  readonly issuer: string;
  readonly audience: string;
  /** The claim that lists the roles: a list, or one text with spaces between. */
  readonly roleClaim: string;
  /** The claim that has the user's number. */
  readonly userIdClaim: string;
  readonly algorithms: readonly string[];
  /** The header `typ`; empty where the issuer sets none that tells access tokens from others. */
  readonly tokenType: string;
}

/** How far the clocks of two machines may be apart. */
export const clockToleranceSeconds = 5;

const userIdMax = 9_223_372_036_854_775_807n;

/** @throws Failure `unauthenticated` if the token is no good; `unavailable` if that can not be told. */
export async function verifyUserToken(
  token: string,
  keys: JWTVerifyGetKey,
  format: UserTokenFormat,
): Promise<VerifiedToken> {
  const payload = await verified(token, keys, format);
  const userId = userIdOf(payload[format.userIdClaim]);
  if (userId === undefined) {
    throw tokenRefused(`its claim "${format.userIdClaim}" is no user's number`);
  }
  const roles = rolesOf(payload[format.roleClaim]);
  return { principal: { kind: "user", userId, roles }, expiresAtMs: (payload.exp ?? 0) * 1_000 };
}

async function verified(token: string, keys: JWTVerifyGetKey, format: UserTokenFormat): Promise<JWTPayload> {
  const { issuer, audience, algorithms, tokenType } = format;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      ...(tokenType !== "" && { typ: tokenType }),
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ["exp", "iat", format.userIdClaim],
    });
    return payload;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** What jose found, in words that help an honest caller and tell nobody else more than that it failed. */
export function refusalOf(error: unknown): Failure {
  if (error instanceof Failure) {
    return error;
  }
  if (error instanceof errors.JWTExpired) {
    return tokenRefused("it has expired", error);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return tokenRefused(`its "${error.claim}" is not what is wanted here`, error);
  }
  if (error instanceof errors.JOSEError) {
    return tokenRefused("it is malformed, or not signed by whom it should be", error);
  }
  return tokenRefused("it can not be read", error);
}

function userIdOf(claim: unknown): bigint | undefined {
  if (typeof claim !== "string" || !/^[1-9]\d{0,18}$/.test(claim)) {
    return undefined;
  }
  const userId = BigInt(claim);
  return userId <= userIdMax ? userId : undefined;
}

function rolesOf(claim: unknown): string[] {
  const roles = typeof claim === "string" ? claim.split(" ") : claim;
  return Array.isArray(roles) ? roles.filter((role) => typeof role === "string" && role !== "") : [];
}

import { randomUUID } from "node:crypto";
import { tokenType } from "@ordermesh/auth/service-tokens";
import type { UserTokenFormat } from "@ordermesh/auth/user-tokens";
import { SignJWT } from "jose";
import type { User } from "./domain/user.ts";
import type { SigningKey } from "./keyring.ts";

export interface AccessToken {
  readonly text: string;
  readonly expiresAt: Date;
}

/** Makes a token that says who somebody is, to whoever can check its signature. */
export async function signAccessToken(
  user: User,
  key: SigningKey,
  options: { readonly format: UserTokenFormat; readonly lifetimeMs: number },
): Promise<AccessToken> {
  const { format, lifetimeMs } = options;
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const expiresAtSeconds = nowSeconds + Math.floor(lifetimeMs / 1_000);
  const text = await new SignJWT({ roles: [...user.roles], scope: "ordermesh" })
    .setProtectedHeader({ alg: "ES256", typ: tokenType, kid: key.id })
    .setIssuer(format.issuer)
    .setAudience(format.audience)
    .setSubject(`${user.id}`)
    .setJti(randomUUID())
    .setIssuedAt(nowSeconds)
    .setNotBefore(nowSeconds)
    .setExpirationTime(expiresAtSeconds)
    .sign(key.privateKey);
  return { text, expiresAt: new Date(expiresAtSeconds * 1_000) };
}

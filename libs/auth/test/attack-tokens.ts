import { createHmac } from "node:crypto";
import type { TestIssuer } from "@ordermesh/testkit/test-issuer";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Tokens that somebody might forge, by what is wrong with them; `lure` is an address that nobody may ask for keys. */
export async function forgedTokens(issuer: TestIssuer, lure: string): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1_000);
  const good = await issuer.userToken(1, ["buyer"]);
  const [goodHeader = "", goodPayload = "", goodSignature = ""] = good.split(".");
  const header = JSON.parse(Buffer.from(goodHeader, "base64url").toString()) as Record<string, unknown>;
  const claims = JSON.parse(Buffer.from(goodPayload, "base64url").toString()) as Record<string, unknown>;
  const published = (await (await fetch(issuer.jwksUrl)).json()) as { keys: object[] };
  const stranger = await generateKeyPair("ES256", { extractable: true });
  const strangersKey = { ...(await exportJWK(stranger.publicKey)), kid: header.kid };

  const hmac = (secret: string) => {
    const signed = `${base64({ ...header, alg: "HS256" })}.${goodPayload}`;
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  const byStranger = (extra: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader({ ...header, alg: "ES256", ...extra }).sign(stranger.privateKey);
  const withClaims = (changes: Record<string, unknown>) => issuer.userToken(1, ["buyer"], changes);

  return {
    "no signature, alg none": `${base64({ ...header, alg: "none" })}.${goodPayload}.`,
    "alg nOnE": `${base64({ ...header, alg: "nOnE" })}.${goodPayload}.`,
    "HS256 with the public key as its secret": hmac(JSON.stringify(published.keys[0])),
    "HS256 with an empty secret": hmac(""),
    "ES256 with a signature of zeros": `${goodHeader}.${goodPayload}.${Buffer.alloc(64).toString("base64url")}`,
    "a signature that is cut off": `${goodHeader}.${goodPayload}.${goodSignature.slice(0, 40)}`,
    "roles changed after signing": `${goodHeader}.${base64({ ...claims, roles: ["operator"] })}.${goodSignature}`,
    "a stranger's signature": await byStranger({}),
    "kid that is a path": await byStranger({ kid: "../../../../dev/null" }),
    "kid that is SQL": await byStranger({ kid: "x' union select 'secret' --" }),
    "kid that is a property of objects": await byStranger({ kid: "__proto__" }),
    "no kid": await byStranger({ kid: undefined }),
    "jku that leads elsewhere": await byStranger({ jku: lure }),
    "x5u that leads elsewhere": await byStranger({ x5u: lure }),
    "jwk with the key in the token": await byStranger({ jwk: strangersKey }),
    "crit that nobody understands": await byStranger({ crit: ["b64"], b64: true }),
    "another issuer": await withClaims({ iss: "somebody-else" }),
    "another audience": await withClaims({ aud: "another-system" }),
    expired: await withClaims({ exp: now - 60 }),
    "not valid yet": await withClaims({ nbf: now + 600 }),
    "no expiry": await withClaims({ exp: undefined }),
    "no subject": await withClaims({ sub: undefined }),
    "subject 0": await withClaims({ sub: "0" }),
    "subject that is no number": await withClaims({ sub: "1 or 1=1" }),
    "subject beyond 64 bits": await withClaims({ sub: "9223372036854775808" }),
    "subject that is negative": await withClaims({ sub: "-1" }),
    "of another type": `${base64({ ...header, typ: "JWT" })}.${goodPayload}.${goodSignature}`,
    "of a size that is none": `${goodHeader}.${base64({ ...claims, padding: "x".repeat(100_000) })}.${goodSignature}`,
    "a user's token that says it is a service's": await withClaims({
      iss: "ordermesh-services",
      sub: "service:checkout",
      roles: ["service"],
    }),
    "a service's token for another service": await issuer.serviceToken("checkout", "product"),
    "two dots": "..",
    "no token at all": "x",
  };
}

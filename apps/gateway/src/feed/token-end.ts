import { Failure } from "@ordermesh/failure/failure";

/**
 * When an access token is over, in milliseconds since 1970. It is not checked here, because whoever writes another time into
 * a token has one that no service accepts. Infinity if it does not say: a guest's ends with the session.
 */
export function tokenEndMs(authorization: string | null): number {
  const claims = /^bearer +[^.]+\.([^.]+)\./i.exec(authorization ?? "")?.[1];
  if (claims === undefined) {
    return Number.POSITIVE_INFINITY;
  }
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { readonly exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

export function tokenExpired(): Failure {
  return new Failure(
    "unauthenticated",
    "The access token is over. Get another one, and come back with the cursors.",
    {
      reason: "TOKEN_EXPIRED",
    },
  );
}

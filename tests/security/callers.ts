import type { Client } from "@connectrpc/connect";
import type { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import type { TestIssuer } from "@ordermesh/testkit/test-issuer";

/** Users of these tests. */
export const ownerId = 1007n;
export const otherBuyerId = 1008n;

/** Everybody who may try to call, by a name for tables. */
export const callers = [
  "owner",
  "other buyer",
  "seller",
  "platform",
  "operator",
  "guest",
  "checkout",
  "gateway",
  "payments",
  "notifications",
  "tables",
  "ordermesh",
  "none",
] as const;

export type Caller = (typeof callers)[number];

const services: readonly string[] = [
  "checkout",
  "gateway",
  "payments",
  "notifications",
  "tables",
  "ordermesh",
];

export function isService(caller: Caller): boolean {
  return services.includes(caller);
}

const users: Readonly<Partial<Record<Caller, readonly [bigint, string]>>> = {
  owner: [ownerId, "buyer"],
  "other buyer": [otherBuyerId, "buyer"],
  seller: [1009n, "seller"],
  platform: [1010n, "platform"],
  operator: [1011n, "operator"],
};

/** The headers with which somebody calls a service. */
export async function headersOf(
  issuer: TestIssuer,
  caller: Caller,
  service: string,
): Promise<Record<string, string>> {
  if (caller === "guest") {
    throw new Error("Only tables makes guests' tokens: join a session.");
  }
  if (caller === "none") {
    return {};
  }
  const user = users[caller];
  const token =
    user === undefined
      ? await issuer.serviceToken(caller, service)
      : await issuer.userToken(user[0], [user[1]]);
  return { authorization: `Bearer ${token}` };
}

const password = "correct-horse-battery";

/**
 * Makes the same users at identity, which takes no tokens but its own.
 *
 * @param operator of identity itself.
 * @returns the access token of each user.
 */
export async function enrol(
  identity: Client<typeof IdentityService>,
  operator: { readonly username: string; readonly password: string },
): Promise<ReadonlyMap<Caller, string>> {
  const { accessToken } = await identity.login(operator);
  const headers = { authorization: `Bearer ${accessToken}` };
  const tokens = new Map<Caller, string>();
  for (const [caller, [, role]] of Object.entries(users) as [Caller, readonly [bigint, string]][]) {
    const username = caller.replace(" ", "-");
    if (username === operator.username) {
      tokens.set(caller, accessToken);
      continue;
    }
    const { user } = await identity.register({ username, password });
    await identity.setRoles({ userId: user?.userId ?? 0n, roles: [role] }, { headers });
    tokens.set(caller, (await identity.login({ username, password })).accessToken);
  }
  return tokens;
}

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
  "checkout",
  "gateway",
  "payments",
  "notifications",
  "ordermesh",
  "none",
] as const;

export type Caller = (typeof callers)[number];

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

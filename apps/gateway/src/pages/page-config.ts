import { networkInterfaces } from "node:os";
import type { GatewayRoute } from "../exchange.ts";
import { jsonAnswer } from "../rest/answer.ts";
import type { Route } from "../rest/route-table.ts";

/** Somebody whose password everybody knows: on one machine only. */
export interface DemoUser {
  readonly username: string;
  readonly role: string;
}

/** What the pages have to know about the installation before anybody signs in. */
export interface PageConfig {
  /** Without a slash at its end: what other devices open. */
  readonly publicUrl: string;
  /** Where an operator looks a trace up: an address with `{traceId}` in it. Undefined: nowhere. */
  readonly traceUrl: string | undefined;
  readonly demoUsers: readonly DemoUser[];
  /** Undefined where there are no demo users. */
  readonly demoPassword: string | undefined;
  readonly version: string;
}

export function pageConfigRoute(config: PageConfig): Route<GatewayRoute> {
  const { publicUrl, traceUrl, demoUsers, demoPassword, version } = config;
  const isLoopback = isLoopbackUrl(publicUrl);
  const suggestedUrl = isLoopback ? urlInThisNetwork(publicUrl) : undefined;
  const body = JSON.stringify({
    publicUrl,
    publicUrlIsLoopback: isLoopback,
    // Only where the machine itself is the audience: elsewhere it would tell strangers about our network.
    ...(suggestedUrl !== undefined && { suggestedUrl }),
    ...(traceUrl !== undefined && { traceUrl }),
    demoUsers: demoPassword === undefined ? [] : demoUsers,
    demoPassword: demoPassword ?? null,
    version,
  });
  const answer = { ...jsonAnswer(200, body), headers: { "cache-control": "no-cache" } };
  return {
    method: "GET",
    path: "/app-config.json",
    target: { recorded: false, answer: async () => answer },
  };
}

/** Whether only this machine can open it. */
export function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}

/** The same with an address that a phone in the same network can reach, if this machine has one. */
function urlInThisNetwork(publicUrl: string): string | undefined {
  const address = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  if (address === undefined) {
    return undefined;
  }
  const url = new URL(publicUrl);
  url.hostname = address;
  return url.origin;
}

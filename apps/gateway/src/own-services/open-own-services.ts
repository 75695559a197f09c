import type { Transport } from "@connectrpc/connect";
import type { Auth } from "@ordermesh/auth/auth";
import type { Tls } from "@ordermesh/auth/tls";
import type { StopList } from "@ordermesh/process/stop-in-order";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import type { GatewayConfig } from "../config.ts";
import { openFeed } from "../feed/feed-service.ts";
import { operationsService } from "../operations/operations-service.ts";
import type { WatchedService } from "../operations/service-states.ts";
import { type UpstreamName, upstreamNames } from "../upstreams.ts";
import type { OwnService } from "./own-methods.ts";

/** What the gateway answers itself, with the connections that it needs for that. */
export function openOwnServices(options: {
  readonly config: GatewayConfig;
  readonly transports: Readonly<Record<UpstreamName, Transport>>;
  /** Where this gateway listens, once it does. */
  readonly ownAddress: () => { readonly host: string; readonly port: number };
  readonly auth: Auth;
  readonly tls: Tls | undefined;
  readonly metrics: Registry;
  readonly tracing: Tracing;
  /** Closes them. */
  readonly parts: StopList;
}): OwnService[] {
  const { config, transports, ownAddress, tls } = options;

  /** Not the verifier: it is a tool, and no part of serving anybody. */
  function services(): WatchedService[] {
    const behind = upstreamNames
      .filter((name) => name !== "verify")
      .map((name) => ({ name, address: config.addresses[name], tls: tls?.client(name) }));
    const { host, port } = ownAddress();
    const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    const own = {
      name: "gateway",
      address: `${reachable}:${port}`,
      tls: config.servesTls ? tls?.client("gateway") : undefined,
    };
    return [...behind, own];
  }

  const { loms, payments, notifications, tables } = transports;
  return [
    openFeed({ ...options, addresses: config.addresses, timeoutMs: config.upstreamTimeoutMs }),
    operationsService({ services, transports: { loms, payments, notifications, tables } }),
  ];
}

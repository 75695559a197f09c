import type { Transport } from "@connectrpc/connect";
import type { Auth } from "@ordermesh/auth/auth";
import type { Tls } from "@ordermesh/auth/tls";
import type { StopList } from "@ordermesh/process/stop-in-order";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import type { Tracing } from "@ordermesh/telemetry/tracing";
import type { Registry } from "prom-client";
import { servicesBehind, type UpstreamName, upstreamNames } from "./upstreams.ts";

export type Transports = Readonly<Record<UpstreamName, Transport>>;

/** The upstreams that the gateway also calls with a token of its own, for clients of replaced systems. */
export interface OwnTransports {
  readonly loms: Transport;
  readonly tables: Transport;
}

/** Opens the clients of all services. No connection is made until it is needed. */
export function openUpstreamClients(options: {
  readonly addresses: Readonly<Record<UpstreamName, string>>;
  readonly timeoutMs: number;
  readonly auth: Auth;
  readonly tls: Tls | undefined;
  readonly metrics: Registry;
  readonly tracing: Tracing;
  /** Closes them. */
  readonly parts: StopList;
}): { readonly transports: Transports; readonly asGateway: OwnTransports } {
  const { addresses, timeoutMs, auth, tls, metrics, tracing, parts } = options;

  function open(name: UpstreamName, credentials?: ReturnType<Auth["credentials"]>): Transport {
    const client = createGrpcTransport({
      address: addresses[name],
      services: servicesBehind[name],
      metrics,
      tracing,
      defaultTimeoutMs: timeoutMs,
      tls: tls?.client(name),
      credentials,
    });
    parts.add(`${name} client`, client.close);
    return client.transport;
  }

  // Without credentials of our own: a call that a client makes carries the client's token or none.
  const transports = Object.fromEntries(upstreamNames.map((name) => [name, open(name)])) as Record<
    UpstreamName,
    Transport
  >;
  return {
    transports,
    asGateway: {
      loms: open("loms", auth.credentials("loms")),
      tables: open("tables", auth.credentials("tables")),
    },
  };
}

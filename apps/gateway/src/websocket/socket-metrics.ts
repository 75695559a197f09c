import { Counter, Gauge, type Registry } from "prom-client";

export interface SocketMetrics {
  opened(): void;
  closed(code: number): void;
}

/** Those that mean something here. A client may make up any other one. */
const knownCodes: ReadonlySet<number> = new Set([
  1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 4401, 4403, 4404, 4408,
]);

export function createSocketMetrics(metrics: Registry): SocketMetrics {
  const open = new Gauge({
    name: "ordermesh_gateway_websockets",
    help: "WebSockets that are open.",
    registers: [metrics],
  });
  const closes = new Counter({
    name: "ordermesh_gateway_websocket_closes_total",
    help: "WebSockets that were closed, by the code: docs/API.md says what each means.",
    labelNames: ["code"] as const,
    registers: [metrics],
  });
  return {
    opened: () => open.inc(),
    closed(code) {
      open.dec();
      closes.inc({ code: knownCodes.has(code) ? `${code}` : "other" });
    },
  };
}

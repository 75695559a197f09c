import { Code, ConnectError } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@ordermesh/proto/grpc/health/v1/health_pb";
import { type BoundService, bindService } from "./bound-service.ts";

/** The state that grpc.health.v1 tells of: the same for each service of a server, and for "" as a whole. */
export interface HealthState {
  readonly service: BoundService;
  setServing(serving: boolean): void;
}

/**
 * Makes the health service of a server that serves the named services. It starts NOT_SERVING.
 *
 * @param serviceNames as the contract has them, such as `ordermesh.loms.v1.LomsService`.
 */
export function createHealth(serviceNames: readonly string[]): HealthState {
  const known = new Set(["", ...serviceNames]);
  const watchers = new Set<() => void>();
  let status = Status.NOT_SERVING;

  async function* watch(service: string, signal: AbortSignal) {
    let sent: Status | undefined;
    while (!signal.aborted) {
      // Only the latest state is kept for a slow watcher: what was in between has no meaning any more.
      const current = known.has(service) ? status : Status.SERVICE_UNKNOWN;
      if (current !== sent) {
        sent = current;
        yield { status: current };
      } else {
        await changed(watchers, signal);
      }
    }
  }

  return {
    setServing(serving) {
      status = serving ? Status.SERVING : Status.NOT_SERVING;
      for (const wake of watchers) {
        wake();
      }
    },
    service: bindService(Health, {
      check({ service }) {
        if (!known.has(service)) {
          throw new ConnectError(`There is no service "${service}" here.`, Code.NotFound);
        }
        return { status };
      },
      list() {
        return { statuses: Object.fromEntries([...known].map((name) => [name, { status }])) };
      },
      watch: ({ service }, context) => watch(service, context.signal),
    }),
  };
}

/** Resolves at the next change of state, or when the signal aborts. */
function changed(watchers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      watchers.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    watchers.add(wake);
    signal.addEventListener("abort", wake);
  });
}

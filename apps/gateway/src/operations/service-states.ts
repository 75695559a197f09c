import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, timestampFromMs, timestampNow } from "@bufbuild/protobuf/wkt";
import {
  type ListServicesResponse,
  ListServicesResponseSchema,
  ReplicaFiguresSchema,
  type ReplicaState,
  ReplicaStateSchema,
  type ServiceState,
  ServiceStateSchema,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import type { ClientTls } from "@ordermesh/rpc/client-channels";
import { LRUCache } from "lru-cache";
import { figuresBetween, type ReplicaSample } from "./replica-figures.ts";
import { askReplica, findReplicas, type ReplicaAnswer } from "./replicas.ts";

export interface WatchedService {
  readonly name: string;
  /** "host:port", or several with commas between. */
  readonly address: string;
  readonly tls: ClientTls | undefined;
}

/** Figures of less than this say little, and of more too much of the past. */
const windowMs = { min: 5_000, max: 300_000 };

/** Replicas whose former figures are kept. */
const replicasMax = 500;

/** Asks every replica of the services. Two looks after one another tell how it did in between. */
export function createServiceStates(
  services: () => readonly WatchedService[],
): () => Promise<ListServicesResponse> {
  const samples = new LRUCache<string, ReplicaSample>({ max: replicasMax });

  /** The one to compare with; the present one takes its place once it is old enough to be worth it. */
  function former(key: string, now: ReplicaSample): ReplicaSample | undefined {
    const known = samples.get(key);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : now.takenAtMs - known.takenAtMs;
    const isSame = known?.startedAtMs === now.startedAtMs && ageMs <= windowMs.max;
    if (!isSame || ageMs >= windowMs.min) {
      samples.set(key, now);
    }
    return isSame && ageMs > 0 ? known : undefined;
  }

  function replicaState(service: string, answer: ReplicaAnswer): ReplicaState {
    const { address, ready, problem, answeredInMs, sample } = answer;
    const state = create(ReplicaStateSchema, {
      address,
      ready,
      problem,
      answeredIn: durationOf(answeredInMs),
    });
    if (sample !== undefined) {
      const figures = figuresBetween(former(`${service} ${address}`, sample), sample);
      state.figures = create(ReplicaFiguresSchema, {
        version: sample.version,
        startedTime: timestampFromMs(sample.startedAtMs),
        window: durationOf(figures.windowMs),
        callsPerSecond: figures.callsPerSecond,
        errorsPerMinute: figures.errorsPerMinute,
        p99Ms: figures.p99Ms,
        residentBytes: BigInt(Math.round(sample.residentBytes)),
        eventLoopLagP99Ms: sample.eventLoopLagP99Ms,
      });
    }
    return state;
  }

  async function serviceState({ name, address, tls }: WatchedService): Promise<ServiceState> {
    try {
      const replicas = await findReplicas(address);
      const answers = await Promise.all(replicas.map((replica) => askReplica(replica, tls)));
      return create(ServiceStateSchema, {
        service: name,
        replicas: answers.map((answer) => replicaState(name, answer)),
      });
    } catch {
      return create(ServiceStateSchema, { service: name, problem: `The name in ${address} is not known.` });
    }
  }

  return async () =>
    create(ListServicesResponseSchema, {
      services: await Promise.all(services().map(serviceState)),
      checkedTime: timestampNow(),
    });
}

function durationOf(milliseconds: number): Duration {
  const wholeMs = Math.max(0, Math.round(milliseconds));
  return create(DurationSchema, {
    seconds: BigInt(Math.floor(wholeMs / 1_000)),
    nanos: (wholeMs % 1_000) * 1_000_000,
  });
}

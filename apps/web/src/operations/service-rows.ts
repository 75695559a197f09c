import { durationMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Backlog } from "@ordermesh/proto/ordermesh/operations/v1/backlog_pb";
import type {
  ReplicaState,
  ServiceBacklog,
  ServiceState,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import type { StatusWord } from "../words.ts";
import type { DepthHistory } from "./depth-history.ts";
import { limits } from "./needs.ts";

/** One line of the table of services: a service, or one of its replicas where it has several. */
export interface ServiceRow {
  readonly key: string;
  readonly service: string;
  /** Of the replica; empty for a service with several. */
  readonly address: string;
  readonly isReplica: boolean;
  readonly health: StatusWord;
  /** Why it is away, or what cannot be told of it. */
  readonly problem: string;
  readonly figures: Figures | undefined;
  /** Absent for a replica, and for a service that has none or cannot be asked. */
  readonly waiting: Waiting | undefined;
}

export interface Figures {
  /** Several, with commas between, while a new one is rolled out. */
  readonly version: string;
  readonly callsPerSecond: number;
  readonly errorsPerMinute: number;
  readonly p99Ms: number;
  readonly eventLoopLagMs: number;
  readonly residentBytes: bigint;
  /** Of the one that started last. */
  readonly startedTime: Timestamp | undefined;
  /** Over how long rates and p99 were measured. */
  readonly windowMs: number;
}

export interface Waiting {
  /** Undefined for a service that publishes nothing. */
  readonly outbox:
    | {
        readonly depth: number;
        readonly oldestAgeMs: number;
        /** What it was since the page was opened, the newest last. */
        readonly depths: readonly number[];
      }
    | undefined;
  /** Undefined for a service that reads nothing. */
  readonly consumers: { readonly lag: bigint; readonly deadLetters: bigint } | undefined;
}

/** The services with what waits in each, in the order in which they came. A service with several replicas is followed by them. */
export function serviceRows(
  services: readonly ServiceState[],
  backlogs: readonly ServiceBacklog[],
  history: DepthHistory = new Map(),
): readonly ServiceRow[] {
  return services.flatMap((state) => {
    const { service, replicas, problem } = state;
    const backlog = backlogs.find((each) => each.service === service);
    const figures = merged(replicas.flatMap((replica) => figuresOf(replica) ?? []));
    const row: ServiceRow = {
      key: service,
      service,
      address: replicas.length === 1 ? (replicas[0]?.address ?? "") : "",
      isReplica: false,
      health: healthOf(state),
      problem: problem === "" && replicas.length === 1 ? (replicas[0]?.problem ?? "") : problem,
      figures,
      waiting: backlog?.backlog === undefined ? undefined : waitingOf(backlog.backlog, history.get(service)),
    };
    return replicas.length < 2 ? [row] : [row, ...replicas.map((replica) => replicaRow(service, replica))];
  });
}

function replicaRow(service: string, replica: ReplicaState): ServiceRow {
  return {
    key: `${service} ${replica.address}`,
    service,
    address: replica.address,
    isReplica: true,
    health: healthOf({ replicas: [replica], problem: "" }),
    problem: replica.problem,
    figures: figuresOf(replica),
    waiting: undefined,
  };
}

function healthOf({ replicas, problem }: Pick<ServiceState, "replicas" | "problem">): StatusWord {
  const ready = replicas.filter((replica) => replica.ready).length;
  if (problem !== "" || ready === 0) {
    return { tone: "failed", word: "Away" };
  }
  if (ready < replicas.length) {
    return { tone: "waiting", word: `${ready} of ${replicas.length} serve` };
  }
  const isSlow = replicas.some(({ figures }) => (figures?.eventLoopLagP99Ms ?? 0) > limits.loopLagMs);
  return isSlow ? { tone: "waiting", word: "Slow" } : { tone: "done", word: "Serving" };
}

function figuresOf({ figures }: ReplicaState): Figures | undefined {
  return figures === undefined
    ? undefined
    : {
        version: figures.version,
        callsPerSecond: figures.callsPerSecond,
        errorsPerMinute: figures.errorsPerMinute,
        p99Ms: figures.p99Ms,
        eventLoopLagMs: figures.eventLoopLagP99Ms,
        residentBytes: figures.residentBytes,
        startedTime: figures.startedTime,
        windowMs: figures.window === undefined ? 0 : durationMs(figures.window),
      };
}

/** Rates and memory add up; of what is slow the slowest counts. */
function merged(all: readonly Figures[]): Figures | undefined {
  return all.length === 0
    ? undefined
    : all.reduce((one, other) => ({
        version: one.version.split(", ").includes(other.version)
          ? one.version
          : `${one.version}, ${other.version}`,
        callsPerSecond: one.callsPerSecond + other.callsPerSecond,
        errorsPerMinute: one.errorsPerMinute + other.errorsPerMinute,
        p99Ms: Math.max(one.p99Ms, other.p99Ms),
        eventLoopLagMs: Math.max(one.eventLoopLagMs, other.eventLoopLagMs),
        residentBytes: one.residentBytes + other.residentBytes,
        startedTime: later(one.startedTime, other.startedTime),
        windowMs: Math.min(one.windowMs, other.windowMs),
      }));
}

function later(one: Timestamp | undefined, other: Timestamp | undefined): Timestamp | undefined {
  return (one?.seconds ?? 0n) > (other?.seconds ?? 0n) ? one : other;
}

function waitingOf({ outbox, consumers }: Backlog, depths: readonly number[] = []): Waiting {
  const sum = (pick: (consumer: Backlog["consumers"][number]) => bigint) =>
    consumers.reduce((total, consumer) => total + pick(consumer), 0n);
  return {
    outbox: outbox && {
      depth: outbox.depth,
      oldestAgeMs: outbox.oldestAge === undefined ? 0 : durationMs(outbox.oldestAge),
      depths,
    },
    consumers:
      consumers.length === 0
        ? undefined
        : { lag: sum(({ lag }) => lag), deadLetters: sum(({ deadLetters }) => deadLetters) },
  };
}

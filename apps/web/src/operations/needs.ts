import { durationMs } from "@bufbuild/protobuf/wkt";
import type {
  ListBacklogsResponse,
  ListServicesResponse,
  ReplicaState,
  ServiceBacklog,
  ServiceState,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import type { Verification } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { formatCount, formatFigure, formatShortDuration } from "../format.ts";
import { queryText } from "../query-text.ts";

/** Beyond these somebody should look. */
export const limits = {
  /** How long an event may wait for its way to Kafka. */
  outboxAgeMs: 30_000,
  /** Records that a consumer may be behind. */
  consumerLag: 1_000n,
  /** How long the event loop may stand still; calls wait for as long. */
  loopLagMs: 200,
} as const;

/** Something that somebody should look at, and where. */
export interface Need {
  readonly tone: "failed" | "waiting";
  readonly text: string;
  readonly href: string;
}

export interface Figures {
  readonly services: ListServicesResponse | undefined;
  readonly backlogs: ListBacklogsResponse | undefined;
  readonly verification: Verification | undefined;
}

/** What needs somebody, the worst first. */
export function needsOf({ services, backlogs, verification }: Figures): readonly Need[] {
  const away = new Set(services?.services.filter(isAway).map(({ service }) => service));
  const needs = [
    ...(services?.services ?? []).flatMap(needsOfService),
    // Of one that is away nobody wonders what waits in it.
    ...(backlogs?.backlogs ?? [])
      .filter(({ service, backlog }) => backlog !== undefined || !away.has(service))
      .flatMap(needsOfBacklog),
    ...needsOfVerification(verification),
  ];
  return [
    ...needs.filter(({ tone }) => tone === "failed"),
    ...needs.filter(({ tone }) => tone === "waiting"),
  ];
}

/** Records that consumers gave up, over all services that could be asked. */
export function deadLettersOf(backlogs: readonly ServiceBacklog[]): bigint {
  return backlogs
    .flatMap(({ backlog }) => backlog?.consumers ?? [])
    .reduce((sum, { deadLetters }) => sum + deadLetters, 0n);
}

function isAway({ problem, replicas }: ServiceState): boolean {
  return problem !== "" || !replicas.some(({ ready }) => ready);
}

function needsOfService(state: ServiceState): Need[] {
  const { service, problem, replicas } = state;
  const away = replicas.filter(({ ready }) => !ready);
  const href = "/ops";
  if (isAway(state)) {
    const why = problem === "" ? (away[0]?.problem ?? "it has no address") : problem;
    return [{ tone: "failed", text: `${service} is away: ${why}`, href }];
  }
  const some = `${away.length} of ${replicas.length} replicas of ${service}`;
  return [
    ...(away.length === 0
      ? []
      : [
          {
            tone: "waiting" as const,
            text: `${some} ${away.length === 1 ? "is" : "are"} away: ${away[0]?.problem}`,
            href,
          },
        ]),
    ...replicas.flatMap((replica) => needsOfReplica(service, replica)),
  ];
}

function needsOfReplica(service: string, { figures }: ReplicaState): Need[] {
  const { errorsPerMinute = 0, eventLoopLagP99Ms = 0 } = figures ?? {};
  const needs: Need[] = [];
  if (errorsPerMinute > 0) {
    const text = `${service} fails ${formatFigure(errorsPerMinute)} calls per minute by its own fault`;
    needs.push({ tone: "waiting", text, href: "/ops" });
  }
  if (eventLoopLagP99Ms > limits.loopLagMs) {
    const lag = formatShortDuration(eventLoopLagP99Ms);
    const text = `${service} is slow: its event loop stands still for up to ${lag}`;
    needs.push({ tone: "waiting", text, href: "/ops" });
  }
  return needs;
}

function needsOfBacklog({ service, backlog, problem }: ServiceBacklog): Need[] {
  const href = `/ops/outbox${queryText({ service })}`;
  if (backlog === undefined) {
    return [{ tone: "waiting", text: `What waits in ${service} is not known: ${problem}`, href }];
  }
  const { outbox, consumers, brokerProblem } = backlog;
  const ageMs = outbox?.oldestAge === undefined ? 0 : durationMs(outbox.oldestAge);
  const needs: Need[] = [];
  if (brokerProblem !== "") {
    needs.push({ tone: "failed", text: `${service} cannot read the broker: ${brokerProblem}`, href });
  }
  if (ageMs > limits.outboxAgeMs) {
    const limit = formatShortDuration(limits.outboxAgeMs);
    const text = `${service} outbox lag ${formatShortDuration(ageMs)} (limit ${limit})`;
    needs.push({ tone: "waiting", text, href });
  }
  for (const { topic, group, running, lag, deadLetters } of consumers) {
    if (deadLetters > 0n) {
      const count = `${formatCount(deadLetters)} dead ${deadLetters === 1n ? "letter" : "letters"}`;
      const at = `/ops/dead-letters${queryText({ service, group })}`;
      needs.push({ tone: "failed", text: `${count} in ${service}, of ${topic}`, href: at });
    }
    if (!running && lag > 0n && brokerProblem === "") {
      const text = `${service} does not read ${topic}: ${formatCount(lag)} records wait`;
      needs.push({ tone: "waiting", text, href });
    } else if (lag > limits.consumerLag) {
      needs.push({
        tone: "waiting",
        text: `${service} is ${formatCount(lag)} records behind on ${topic}`,
        href,
      });
    }
  }
  return needs;
}

function needsOfVerification(verification: Verification | undefined): Need[] {
  const found = verification?.checks.reduce((sum, { findingsTotal }) => sum + findingsTotal, 0) ?? 0;
  if (found === 0) {
    return [];
  }
  const text = `The last verification found ${formatCount(found)} ${found === 1 ? "mismatch" : "mismatches"}`;
  return [{ tone: "failed", text, href: "/ops/verify" }];
}

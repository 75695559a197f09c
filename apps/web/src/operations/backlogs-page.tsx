import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConsumerBacklog } from "@ordermesh/proto/ordermesh/operations/v1/backlog_pb";
import type { ServiceBacklog } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { useQueryFields } from "../app/navigate.ts";
import { formatCount, formatShortDuration } from "../format.ts";
import { queryText } from "../query-text.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Skeleton } from "../ui/notice.tsx";
import { Select } from "../ui/select.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { type Column, Table } from "../ui/table.tsx";
import type { StatusWord } from "../words.ts";
import { everyMs, useBacklogs } from "./figures.ts";
import { Freshness } from "./freshness.tsx";
import { limits } from "./needs.ts";
import { OperationsHead } from "./operations-head.tsx";
import { ProblemNotices } from "./problem-notices.tsx";

/** What waits: events on their way to Kafka, and records on their way to those who read them. */
export default function BacklogsPage() {
  const query = useBacklogs();
  const [{ service = "" }, change] = useQueryFields();
  return (
    <div className="operations">
      <OperationsHead part="/ops/outbox">
        <Freshness query={query} everyMs={everyMs.figures} />
      </OperationsHead>
      <Loaded query={query} what="What waits in the services" skeleton={<Skeleton rows={9} widths={[80]} />}>
        {({ backlogs }) => (
          <>
            <div className="filters">
              <Select
                label="Service"
                hideLabel
                name="service"
                value={service}
                onChange={(value) => change({ service: value })}
                options={[
                  { value: "", text: "All services" },
                  ...backlogs.map((each) => ({ value: each.service, text: each.service })),
                ]}
              />
            </div>
            <Waiting backlogs={backlogs.filter((each) => service === "" || each.service === service)} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Waiting({ backlogs }: { readonly backlogs: readonly ServiceBacklog[] }) {
  const outboxes = backlogs.flatMap(({ service, backlog }) =>
    backlog?.outbox === undefined ? [] : [{ service, ...shown(backlog.outbox) }],
  );
  const consumers = backlogs.flatMap(({ service, backlog }) =>
    (backlog?.consumers ?? []).map((consumer) => ({
      service,
      consumer,
      isKnown: backlog?.brokerProblem === "",
    })),
  );
  const away = Object.fromEntries(
    backlogs.flatMap(({ service, problem }) => (problem === "" ? [] : [[service, problem]])),
  );
  const cutOff = Object.fromEntries(
    backlogs.flatMap(({ service, backlog }) =>
      (backlog?.brokerProblem ?? "") === "" ? [] : [[service, backlog?.brokerProblem ?? ""]],
    ),
  );
  return (
    <>
      <ProblemNotices what="What waits in" problems={away} />
      <ProblemNotices what="How far the consumers are behind in" problems={cutOff} />
      <section className="operations-part" aria-labelledby="outboxes">
        <h2 id="outboxes">Events that are not on Kafka yet</h2>
        {outboxes.length === 0 ? (
          <Empty title="None of these services publishes events" />
        ) : (
          <Table
            caption="Outboxes"
            rows={outboxes}
            rowKey={({ service }) => service}
            columns={outboxColumns}
            phone={({ service, depth, age, health }) => ({
              first: [<b key="name">{service}</b>, <StatusChip key="health" {...health} />],
              second: depth === 0 ? "Nothing waits" : `${formatCount(depth)} waiting, the oldest for ${age}`,
            })}
          />
        )}
      </section>
      <section className="operations-part" aria-labelledby="consumers">
        <h2 id="consumers">Records that were not read yet</h2>
        {consumers.length === 0 ? (
          <Empty title="None of these services reads events" />
        ) : (
          <Table
            caption="Consumers"
            rows={consumers}
            rowKey={({ consumer }) => `${consumer.group} ${consumer.topic}`}
            columns={consumerColumns}
            phone={(row) => ({
              first: [
                <b key="name">{row.service}</b>,
                <StatusChip key="health" {...readingOf(row.consumer)} />,
              ],
              second: [
                <span key="topic">{row.consumer.topic}</span>,
                <span key="lag">
                  {lagText(row)} behind · {lettersText(row)} dead
                </span>,
              ],
            })}
          />
        )}
      </section>
    </>
  );
}

interface OutboxRow {
  readonly service: string;
  readonly depth: number;
  readonly age: string;
  readonly health: StatusWord;
}

function shown({ depth, oldestAge }: NonNullable<NonNullable<ServiceBacklog["backlog"]>["outbox"]>) {
  const ageMs = oldestAge === undefined ? 0 : durationMs(oldestAge);
  const health: StatusWord =
    depth === 0
      ? { tone: "done", word: "Empty" }
      : ageMs > limits.outboxAgeMs
        ? { tone: "waiting", word: "Late" }
        : { tone: "active", word: "Moving" };
  return { depth, age: depth === 0 ? "–" : formatShortDuration(ageMs), health };
}

const outboxColumns: readonly Column<OutboxRow>[] = [
  { id: "service", title: "Service", width: 160, cell: ({ service }) => <b>{service}</b> },
  { id: "health", title: "State", width: 140, cell: ({ health }) => <StatusChip {...health} /> },
  { id: "depth", title: "Waiting", width: 110, isNumber: true, cell: ({ depth }) => formatCount(depth) },
  { id: "age", title: "Oldest for", width: 130, isNumber: true, cell: ({ age }) => age },
  { id: "rest", title: "", optional: 1, cell: () => null },
];

interface ConsumerRow {
  readonly service: string;
  readonly consumer: ConsumerBacklog;
  /** Whether the broker could be asked. */
  readonly isKnown: boolean;
}

function readingOf({ running }: ConsumerBacklog): StatusWord {
  return running ? { tone: "done", word: "Reading" } : { tone: "waiting", word: "Not reading" };
}

function lagText({ consumer, isKnown }: ConsumerRow): string {
  return isKnown ? formatCount(consumer.lag) : "–";
}

function lettersText({ consumer, isKnown }: ConsumerRow): string {
  return isKnown ? formatCount(consumer.deadLetters) : "–";
}

const consumerColumns: readonly Column<ConsumerRow>[] = [
  { id: "service", title: "Service", width: 160, cell: ({ service }) => <b>{service}</b> },
  {
    id: "running",
    title: "State",
    width: 140,
    cell: ({ consumer }) => <StatusChip {...readingOf(consumer)} />,
  },
  { id: "lag", title: "Behind", width: 110, isNumber: true, cell: lagText },
  {
    id: "letters",
    title: "Dead letters",
    width: 130,
    isNumber: true,
    cell: (row) => (
      <Link
        href={`/ops/dead-letters${queryText({ service: row.service, group: row.consumer.group })}`}
        aria-label={`${lettersText(row)} dead letters of ${row.consumer.group}`}
      >
        {lettersText(row)}
      </Link>
    ),
  },
  {
    id: "topic",
    title: "Topic",
    cell: ({ consumer }) => <span className="mono">{consumer.topic}</span>,
  },
  {
    id: "group",
    title: "Group",
    optional: 1,
    cell: ({ consumer }) => <span className="mono">{consumer.group}</span>,
  },
];

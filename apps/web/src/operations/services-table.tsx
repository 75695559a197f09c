import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ReactNode } from "react";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatMoment,
  formatShortDuration,
  momentOf,
} from "../format.ts";
import { queryText } from "../query-text.ts";
import { Link } from "../ui/link.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useNow } from "../ui/time.tsx";
import { limits } from "./needs.ts";
import type { Figures, ServiceRow } from "./service-rows.ts";
import { Sparkline } from "./sparkline.tsx";

/** Every service with its health, how it does, and what waits in it. Every number leads to what it counts. */
export function ServicesTable({ rows }: { readonly rows: readonly ServiceRow[] }) {
  return (
    <div className="services">
      <Table
        caption="Services"
        rows={rows}
        rowKey={({ key }) => key}
        columns={columns}
        phone={(row) => ({ first: phoneFirst(row), second: phoneSecond(row) })}
      />
    </div>
  );
}

const columns: readonly Column<ServiceRow>[] = [
  { id: "service", title: "Service", width: 120, cell: (row) => <Name row={row} /> },
  { id: "health", title: "Health", width: 112, cell: ({ health }) => <StatusChip {...health} /> },
  { id: "address", title: "Address", optional: 4, width: 132, cell: (row) => <Where row={row} /> },
  { id: "version", title: "Version", optional: 3, width: 64, cell: figure(({ version }) => version) },
  {
    id: "started",
    title: "Up for",
    optional: 2,
    width: 84,
    cell: figure(({ startedTime }) => <UpFor since={startedTime} />),
  },
  { id: "rate", title: "Calls/s", width: 68, isNumber: true, cell: figure(rate) },
  { id: "p99", title: "p99", width: 76, isNumber: true, cell: figure(p99) },
  {
    id: "errors",
    title: "Errors/min",
    width: 84,
    isNumber: true,
    cell: figure(({ errorsPerMinute }) => marked(formatFigure(errorsPerMinute), errorsPerMinute > 0)),
  },
  { id: "loop", title: "Loop lag", optional: 5, width: 76, isNumber: true, cell: figure(loopLag) },
  {
    id: "memory",
    title: "Memory",
    optional: 1,
    width: 72,
    isNumber: true,
    cell: figure(({ residentBytes }) => formatBytes(residentBytes)),
  },
  { id: "outbox", title: "Outbox", width: 124, isNumber: true, cell: outboxDepth },
  { id: "oldest", title: "Oldest", width: 72, isNumber: true, cell: oldestUnsent },
  { id: "lag", title: "Behind", width: 64, isNumber: true, cell: consumerLag },
  { id: "letters", title: "Dead", width: 52, isNumber: true, cell: deadLetters },
];

function Name({ row }: { readonly row: ServiceRow }) {
  return row.isReplica ? <span className="quiet replica-name">replica</span> : <b>{row.service}</b>;
}

function Where({ row: { address, problem } }: { readonly row: ServiceRow }) {
  return problem === "" ? (
    <span className="mono quiet">{address}</span>
  ) : (
    <span className="problem-text problem-cell" title={`${address} ${problem}`.trim()}>
      {problem}
    </span>
  );
}

/** A figure of a service that answered; a dash for one that did not. */
function figure(show: (figures: Figures) => ReactNode) {
  return ({ figures }: ServiceRow): ReactNode => (figures === undefined ? dash : show(figures));
}

const dash = <span className="quiet">–</span>;

function marked(text: string, isWorrying: boolean): ReactNode {
  return isWorrying ? <b className="waiting-figure">{text}</b> : text;
}

function UpFor({ since }: { readonly since: Timestamp | undefined }) {
  const now = useNow(false);
  const moment = momentOf(since);
  return moment === undefined ? (
    dash
  ) : (
    <span title={`Since ${formatMoment(moment)}`}>{formatDuration(Math.max(0, now - moment))}</span>
  );
}

function rate({ callsPerSecond, windowMs }: Figures): ReactNode {
  return <span title={`Over the last ${formatShortDuration(windowMs)}`}>{rateText(callsPerSecond)}</span>;
}

/** With as many digits in every row: figures of one column are compared. */
function rateText(callsPerSecond: number): string {
  return callsPerSecond >= 100 ? formatFigure(callsPerSecond) : callsPerSecond.toFixed(1);
}

/** "8.4 ms", "58 ms": no tenths where nobody would see them. */
function latencyText(latencyMs: number): string {
  return formatShortDuration(latencyMs >= 10 && latencyMs < 1_000 ? Math.round(latencyMs) : latencyMs);
}

function p99({ p99Ms, windowMs }: Figures): ReactNode {
  return p99Ms === 0 ? (
    dash
  ) : (
    <span title={`Over the last ${formatShortDuration(windowMs)}`}>{latencyText(p99Ms)}</span>
  );
}

function loopLag({ eventLoopLagMs }: Figures): ReactNode {
  return marked(latencyText(eventLoopLagMs), eventLoopLagMs > limits.loopLagMs);
}

function outboxDepth({ service, waiting }: ServiceRow): ReactNode {
  return waiting?.outbox === undefined ? (
    dash
  ) : (
    <>
      <Sparkline values={waiting.outbox.depths} label={`In the outbox of ${service}`} />
      <Link
        href={`/ops/outbox${queryText({ service })}`}
        aria-label={`${waiting.outbox.depth} in the outbox of ${service}`}
      >
        {formatCount(waiting.outbox.depth)}
      </Link>
    </>
  );
}

function oldestUnsent({ waiting }: ServiceRow): ReactNode {
  const { depth = 0, oldestAgeMs = 0 } = waiting?.outbox ?? {};
  return depth === 0 ? dash : marked(formatShortDuration(oldestAgeMs), oldestAgeMs > limits.outboxAgeMs);
}

function consumerLag({ service, waiting }: ServiceRow): ReactNode {
  const lag = waiting?.consumers?.lag;
  return lag === undefined ? (
    dash
  ) : (
    <Link
      href={`/ops/outbox${queryText({ service })}`}
      aria-label={`${lag} records that ${service} has not read`}
    >
      {marked(formatCount(lag), lag > limits.consumerLag)}
    </Link>
  );
}

function deadLetters({ service, waiting }: ServiceRow): ReactNode {
  const letters = waiting?.consumers?.deadLetters;
  return letters === undefined ? (
    dash
  ) : (
    <Link
      href={`/ops/dead-letters${queryText({ service })}`}
      aria-label={`${letters} dead letters of ${service}`}
    >
      {letters === 0n ? "0" : <b className="failed-figure">{formatCount(letters)}</b>}
    </Link>
  );
}

function phoneFirst(row: ServiceRow): ReactNode {
  return (
    <>
      {row.isReplica ? <span className="mono quiet">{row.address}</span> : <b>{row.service}</b>}
      <StatusChip {...row.health} />
    </>
  );
}

function phoneSecond({ figures, problem, waiting }: ServiceRow): ReactNode {
  if (problem !== "") {
    return <span className="problem-text">{problem}</span>;
  }
  const behind = [
    waiting?.outbox === undefined ? "" : `outbox ${formatCount(waiting.outbox.depth)}`,
    waiting?.consumers === undefined ? "" : `dead ${formatCount(waiting.consumers.deadLetters)}`,
  ].filter((text) => text !== "");
  return figures === undefined ? (
    dash
  ) : (
    <>
      <span>
        {rateText(figures.callsPerSecond)}/s · p99 {figures.p99Ms === 0 ? "–" : latencyText(figures.p99Ms)}
      </span>
      <span>{behind.join(" · ")}</span>
    </>
  );
}

import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { Counter, Gauge, type Registry } from "prom-client";
import { countOpen } from "./sql/sessions.ts";

/** What this process saw. */
export interface TableMetrics {
  /** @param error what JoinSession threw; undefined if the guest was let in. */
  joined(error: unknown): void;
  /** Counts a stream for as long as it lasts. */
  watched<Message>(kind: "session" | "location", messages: AsyncIterable<Message>): AsyncGenerator<Message>;
}

const joinOutcomes = {
  INVITATION_NOT_FOUND: "wrong_invitation",
  TOO_MANY_TRIES: "too_many_tries",
  TABLE_FULL: "table_full",
} as const satisfies Record<string, string>;

export function createTableMetrics(metrics: Registry, database: Database): TableMetrics {
  const joins = new Counter({
    name: "ordermesh_tables_joins_total",
    help: "Tries to join a session, by outcome.",
    labelNames: ["outcome"],
    registers: [metrics],
  });
  for (const outcome of ["joined", "failed", ...Object.values(joinOutcomes)]) {
    joins.inc({ outcome }, 0);
  }
  const watchers = new Gauge({
    name: "ordermesh_tables_watchers",
    help: "Streams of this process, by what they watch.",
    labelNames: ["kind"],
    registers: [metrics],
  });
  for (const kind of ["session", "location"]) {
    watchers.set({ kind }, 0);
  }
  addCounts(metrics, database);
  return {
    joined(error) {
      joins.inc({ outcome: error === undefined ? "joined" : outcomeOf(error) });
    },
    async *watched(kind, messages) {
      watchers.inc({ kind });
      try {
        yield* messages;
      } finally {
        watchers.dec({ kind });
      }
    },
  };
}

function outcomeOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = joinOutcomes;
  return (error instanceof Failure ? reasons[error.reason] : undefined) ?? "failed";
}

function addCounts(metrics: Registry, database: Database): void {
  const placing = new Gauge({
    name: "ordermesh_tables_placing_orders",
    help: "Orders that LOMS is being asked for, or has not answered for.",
    registers: [metrics],
  });
  const guests = new Gauge({
    name: "ordermesh_tables_guests",
    help: "Guests with a token, over all open sessions.",
    registers: [metrics],
  });
  new Gauge({
    name: "ordermesh_tables_open_sessions",
    help: "Sessions that are not closed.",
    registers: [metrics],
    async collect() {
      try {
        const counts = await database.read(countOpen);
        this.set(counts.sessions);
        guests.set(counts.guests);
        placing.set(counts.placing);
      } catch {
        // The database is away, which readiness reports; a scrape without the figures is the honest answer.
        this.remove();
        guests.remove();
        placing.remove();
      }
    },
  });
}

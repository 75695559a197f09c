import type { Database } from "@ordermesh/postgres/database";
import { Gauge, type Registry } from "prom-client";

/** Reports how many events wait in the outbox and for how long, asked from the database at each scrape. */
export function reportBacklog(database: Database, metrics: Registry): void {
  reportFigure(
    metrics,
    "ordermesh_outbox_oldest_age_seconds",
    "Age of the oldest event that is not on Kafka yet; 0 if there is none.",
    askFor(
      database,
      `select coalesce(extract(epoch from clock_timestamp() - (select created_at from outbox order by id limit 1)), 0)
         ::float8 as figure`,
    ),
  );
  reportFigure(
    metrics,
    "ordermesh_outbox_depth",
    "Events that are not on Kafka yet, counted up to 100,000.",
    askFor(database, "select count(*)::float8 as figure from (select from outbox limit 100000) as counted"),
  );
}

function askFor(database: Database, statement: string): () => Promise<number> {
  return async () => {
    const [row] = await database.read((db) => db.query<{ figure: number }>(statement));
    return row?.figure ?? 0;
  };
}

/** Each gauge asks for itself: a scrape reads one gauge before the next one collects. */
function reportFigure(metrics: Registry, name: string, help: string, ask: () => Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [metrics],
    async collect() {
      try {
        this.set(await ask());
      } catch {
        // The database is away, which readiness reports; a scrape without these figures is the honest answer.
        this.remove();
      }
    },
  });
}

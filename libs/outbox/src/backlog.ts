import type { Database } from "@ordermesh/postgres/database";
import { Gauge, type Registry } from "prom-client";

/** Reports how many events wait in the outbox and for how long, asked from the database at each scrape. */
export function reportBacklog(database: Database, metrics: Registry): void {
  const age = new Gauge({
    name: "ordermesh_outbox_oldest_age_seconds",
    help: "Age of the oldest event that is not on Kafka yet; 0 if there is none.",
    registers: [metrics],
  });
  new Gauge({
    name: "ordermesh_outbox_depth",
    help: "Events that are not on Kafka yet, counted up to 100,000.",
    registers: [metrics],
    async collect() {
      try {
        const [row] = await database.read((db) =>
          db.query<{ depth: bigint; age: number }>(
            `select (select count(*) from (select from outbox limit 100000) as counted) as depth,
               coalesce(extract(epoch from now() - (select created_at from outbox order by id limit 1)), 0)::float8
                 as age`,
          ),
        );
        this.set(Number(row?.depth ?? 0));
        age.set(row?.age ?? 0);
      } catch {
        // The database is away, which readiness reports; a scrape without these two figures is the honest answer.
        this.remove();
        age.remove();
      }
    },
  });
}

import { loadFor, loadTimes } from "./closed-loop.ts";
import type { DatabaseServer } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import {
  costCell,
  interleave,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
} from "./measurement.ts";
import { type OrderPath, openBatchedPath, openSinglePath, ordersOf } from "./order-paths.ts";
import { pgbenchOrders } from "./pgbench.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import type { Workload } from "./workloads.ts";

const concurrency = 64;
const workloads: readonly Workload[] = ["uniform", "zipf", "hot"];
const createTargets: Readonly<Partial<Record<Workload, number>>> = { uniform: 7, hot: 20 };
const changeTargets: Readonly<Partial<Record<Workload, number>>> = { uniform: 5, hot: 15 };

/** Creating, paying and canceling without RPC: what batches gain over one order per transaction. */
export async function insideLoms(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const url = server.urlOf("loms_inside");
  await prepareLomsDatabase(url);
  const batched = openBatchedPath(url);
  const single = openSinglePath(url);
  const processes = { node: process.pid, postgres: server.pid };
  const rows: string[][] = [];
  const targets: Target[] = [];

  const create = (path: OrderPath, workload: Workload) => {
    const next = ordersOf(workload, 1);
    return () => measure(processes, () => loadFor(sizes.sliceMs, concurrency, () => path.create(next())));
  };
  /** Creates orders, which is not measured, then pays half of them and cancels the others. */
  const change = (path: OrderPath, workload: Workload, count: number) => {
    const next = ordersOf(workload, 2);
    return async () => {
      const ids: bigint[] = [];
      await loadTimes(count, 256, async () => ids.push(await batched.create(next())));
      return measure(processes, () =>
        loadTimes(count, concurrency, (index) =>
          path.change(ids[index] ?? 0n, index % 2 === 0 ? "pay" : "cancel"),
        ),
      );
    };
  };

  try {
    for (const workload of workloads) {
      const created = await interleave(sizes.rounds, {
        batched: create(batched, workload),
        single: create(single, workload),
      });
      const changed = await interleave(sizes.rounds, {
        batched: change(batched, workload, sizes.ordersToChange),
        single: change(single, workload, sizes.ordersToChangeSingly),
      });
      for (const [name, results, bounds] of [
        ["createOrder", created, createTargets],
        ["pay and cancel", changed, changeTargets],
      ] as const) {
        const ratio = medianRatio(results.batched, results.single);
        rows.push([
          ...measurementCells(`${name}, ${workload}`, results.batched),
          ratio.toFixed(1),
          costCell(results.batched),
        ]);
        rows.push([
          ...measurementCells(`${name}, ${workload}, one per transaction`, results.single),
          "",
          costCell(results.single),
        ]);
        const target = bounds[workload];
        if (target !== undefined) {
          const what = `${name} inside LOMS, C = ${concurrency}, ${workload}, to one order per transaction`;
          targets.push({ what, measured: ratio, bound: "at least", target, digits: 1 });
        }
      }
      if (workload === "hot") {
        targets.push({
          what: "hot SKU p99, to one order per transaction's p99",
          measured: medianRatio(created.batched, created.single, ({ p99Ms }) => p99Ms),
          bound: "at most",
          target: 0.1,
        });
      }
    }
  } finally {
    await batched.close();
    await single.close();
  }
  const yardstick = await pgbenchOrders(url, sizes);
  rows.push(["pgbench, the same rows, one order of 3 lines per transaction", yardstick, "", "", "", ""]);
  return {
    title: "Inside LOMS",
    method:
      `${concurrency} callers in this process, without RPC. "One per transaction" is the same code and the same ` +
      "statements with batches of one on 16 connections; pgbench sends the same writes prepared and pipelined from 16 " +
      "clients, and decides nothing.",
    table: { columns: [...measurementColumns, "ratio", "cost"], rows },
    targets,
  };
}

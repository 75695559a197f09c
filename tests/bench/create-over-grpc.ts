import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { startServiceProcess } from "../harness/service-process.ts";
import { loadFor } from "./closed-loop.ts";
import { openLoadClient } from "./grpc-load.ts";
import { type DatabaseServer, startBroker, startProgram } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import {
  costCell,
  interleave,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
} from "./measurement.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { orderRequests, type Workload } from "./workloads.ts";

const workloads: readonly Workload[] = ["uniform", "zipf", "hot"];

const targets: Readonly<Record<string, number>> = { "uniform 64": 0.45, "uniform 256": 0.6, "hot 256": 0.7 };

/** CreateOrder as a client calls it, beside a bare echo of the same message. */
export async function createOverGrpc(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const url = server.urlOf("loms_over_grpc");
  await prepareLomsDatabase(url);
  const broker = await startBroker();
  const loms = await startServiceProcess("loms", { LOMS_DATABASE_URL: url, KAFKA_BROKERS: broker.address });
  const echo = await startProgram("./echo-server.ts");
  const toEcho = openLoadClient(`127.0.0.1:${echo.firstLine}`);
  const toLoms = openLoadClient(`127.0.0.1:${loms.port}`);
  const rows: string[][] = [];
  const met: Target[] = [];
  try {
    for (const concurrency of sizes.concurrencies) {
      for (const workload of workloads) {
        const name = `${workload} ${concurrency}`;
        const next = orderRequests(workload, concurrency);
        const slice = (operation: () => Promise<unknown>) => () =>
          loadFor(sizes.sliceMs, concurrency, operation);
        const results = await interleave(sizes.rounds, {
          echo: () =>
            measure(
              { client: process.pid, echo: echo.pid },
              slice(() => toEcho.echo(next())),
            ),
          create: () =>
            measure(
              { client: process.pid, loms: loms.pid, postgres: server.pid, broker: broker.pid },
              slice(async () => {
                const { status } = await toLoms.createOrder(next());
                if (status !== OrderStatus.AWAITING_PAYMENT) {
                  throw new Error(`An order of the benchmark ended ${OrderStatus[status]}.`);
                }
              }),
            ),
        });
        const ratio = medianRatio(results.create, results.echo);
        rows.push([...measurementCells(`echo, ${name}`, results.echo), "", costCell(results.echo)]);
        rows.push([
          ...measurementCells(`create, ${name}`, results.create),
          ratio.toFixed(2),
          costCell(results.create),
        ]);
        const target = targets[name];
        if (target !== undefined) {
          met.push({
            what: `createOrder over gRPC to echo, ${name}`,
            measured: ratio,
            bound: "at least",
            target,
          });
        }
      }
    }
  } finally {
    toEcho.close();
    toLoms.close();
    await echo.stop();
    await loms.stop();
    await broker.stop();
  }
  return {
    title: "CreateOrder over gRPC",
    method:
      "One client process with two connections, closed loop; LOMS as it is shipped, publishing to the embedded broker " +
      "meanwhile; every order must be supplied. The echo gets the same requests over the same client. Ratios are medians " +
      "of ratios within a round; costs are microseconds of processor time per call.",
    table: { columns: [...measurementColumns, "to echo", "cost"], rows },
    targets: met,
  };
}

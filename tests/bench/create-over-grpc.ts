import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { startServiceProcess } from "../harness/service-process.ts";
import { loadFor } from "./closed-loop.ts";
import { type LoadClient, openLoadClient } from "./grpc-load.ts";
import { type DatabaseServer, startBroker, startProgram } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import {
  costCell,
  interleave,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
  type Processes,
} from "./measurement.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { orderRequests, type Workload } from "./workloads.ts";

const workloads: readonly Workload[] = ["uniform", "zipf", "hot"];

const targets: Readonly<Record<string, number>> = { "uniform 64": 0.45, "uniform 256": 0.6, "hot 256": 0.7 };

/** Nobody listens there, so that no event leaves. */
const noBroker = "127.0.0.1:1";

/** CreateOrder as a client calls it, beside a bare echo of the same message. */
export async function createOverGrpc(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const broker = await startBroker();
  const following = await openLoms(server, "loms_following", noBroker);
  const leading = await openLoms(server, "loms_leading", broker.address);
  const echo = await startProgram("./echo-server.ts");
  const toEcho = openLoadClient(`127.0.0.1:${echo.firstLine}`);
  const client = { client: process.pid };
  const database = { postgres: server.pid };
  const rows: string[][] = [];
  const promises: Target[] = [];
  try {
    for (const concurrency of sizes.concurrencies) {
      for (const workload of workloads) {
        const next = orderRequests(workload, concurrency);
        const slice = (processes: Processes, operation: () => Promise<unknown>) => () =>
          measure(processes, () => loadFor(sizes.sliceMs, concurrency, operation));
        const results = await interleave(sizes.rounds, {
          echo: slice({ ...client, echo: echo.pid }, () => toEcho.echo(next())),
          create: slice({ ...client, loms: following.pid, ...database }, () =>
            createOrder(following.client, next()),
          ),
          publish: slice({ ...client, loms: leading.pid, ...database, broker: broker.pid }, () =>
            createOrder(leading.client, next()),
          ),
        });
        const name = `${workload} ${concurrency}`;
        rows.push([...measurementCells(`echo, ${name}`, results.echo), "", costCell(results.echo)]);
        for (const [what, measured] of [
          ["createOrder", results.create],
          ["createOrder and publish", results.publish],
        ] as const) {
          const ratio = medianRatio(measured, results.echo);
          rows.push([
            ...measurementCells(`${what}, ${name}`, measured),
            ratio.toFixed(2),
            costCell(measured),
          ]);
          const target = targets[name];
          if (target !== undefined) {
            promises.push({
              what: `${what} over gRPC to echo, ${name}`,
              measured: ratio,
              bound: "at least",
              target,
            });
          }
        }
      }
    }
  } finally {
    toEcho.close();
    await echo.stop();
    await following.stop();
    await leading.stop();
    await broker.stop();
  }
  return {
    title: "CreateOrder over gRPC",
    method:
      "One client process with two connections, closed loop; LOMS as it is shipped; every order must be supplied. " +
      '"createOrder" is a replica whose events another one publishes (here: no broker is there), "createOrder and ' +
      'publish" the one replica that leads the relay and publishes every event meanwhile. The echo gets the same ' +
      "requests over the same client. Ratios are medians of ratios within a round; costs are microseconds of processor " +
      "time per call.",
    table: { columns: [...measurementColumns, "to echo", "cost"], rows },
    targets: promises,
  };
}

async function openLoms(server: DatabaseServer, database: string, brokers: string) {
  const url = server.urlOf(database);
  await prepareLomsDatabase(url);
  const loms = await startServiceProcess("loms", { LOMS_DATABASE_URL: url, KAFKA_BROKERS: brokers });
  const client = openLoadClient(`127.0.0.1:${loms.port}`);
  return {
    pid: loms.pid,
    client,
    async stop() {
      client.close();
      await loms.stop();
    },
  };
}

async function createOrder(
  client: LoadClient,
  request: Parameters<LoadClient["createOrder"]>[0],
): Promise<void> {
  const { status } = await client.createOrder(request);
  if (status !== OrderStatus.AWAITING_PAYMENT) {
    throw new Error(`An order of the benchmark ended ${OrderStatus[status]}.`);
  }
}

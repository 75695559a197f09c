import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { startTestIssuer } from "@ordermesh/testkit/test-issuer";
import { startServiceProcess } from "../harness/service-process.ts";
import { loadFor } from "./closed-loop.ts";
import { type LoadClient, openLoadClient } from "./grpc-load.ts";
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
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { orderRequests } from "./workloads.ts";

const concurrencies = [16, 64];

/** Nobody listens there, so that no event leaves. */
const noBroker = "127.0.0.1:1";

/** What it costs a createOrder that LOMS looks at who calls. */
export async function authorize(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const issuer = await startTestIssuer();
  const token = await issuer.userToken(4, ["platform"]);
  const open = await openLoms(server, "loms_open", { AUTH: "off" });
  const closed = await openLoms(server, "loms_closed", issuer.environment("loms"), token);
  const rows: string[][] = [];
  const targets: Target[] = [];
  try {
    for (const concurrency of concurrencies) {
      const next = orderRequests("uniform", concurrency);
      const slice =
        ({ pid, client }: typeof open) =>
        () =>
          measure({ client: process.pid, loms: pid, postgres: server.pid }, () =>
            loadFor(sizes.sliceMs, concurrency, () => createOrder(client, next())),
          );
      const results = await interleave(sizes.rounds, { without: slice(open), with: slice(closed) });
      const ratio = medianRatio(results.with, results.without);
      for (const [name, rounds] of Object.entries(results)) {
        rows.push([
          ...measurementCells(`createOrder ${name} authorization, ${concurrency} at a time`, rounds),
          name === "with" ? ratio.toFixed(2) : "",
          costCell(rounds),
        ]);
      }
      targets.push({
        what: `createOrder with authorization to without, ${concurrency} at a time`,
        measured: ratio,
        bound: "at least",
        target: 0.9,
      });
    }
  } finally {
    await open.stop();
    await closed.stop();
    await issuer.close();
  }
  return {
    title: "What authorization costs an order",
    method:
      "Two LOMS as they are shipped, on one database server, in turn: one with AUTH=off and calls without a token, one " +
      "that checks a token which it has seen before, as that of checkout is. One client process with two connections, " +
      "closed loop. Sending the token counts as well. Ratios are medians of ratios within a round; costs are " +
      "microseconds of processor time per call.",
    table: { columns: [...measurementColumns, "to without", "cost"], rows },
    targets,
  };
}

async function openLoms(
  server: DatabaseServer,
  database: string,
  environment: Readonly<Record<string, string>>,
  token?: string,
) {
  const url = server.urlOf(database);
  await prepareLomsDatabase(url);
  const loms = await startServiceProcess("loms", {
    LOMS_DATABASE_URL: url,
    KAFKA_BROKERS: noBroker,
    ...environment,
  });
  const client = openLoadClient(`127.0.0.1:${loms.port}`, token);
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

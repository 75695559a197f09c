import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { startServiceProcess } from "../harness/service-process.ts";
import { openAllowedActions } from "./allowed-actions.ts";
import { loadFor, loadTimes } from "./closed-loop.ts";
import { openLoadClient } from "./grpc-load.ts";
import { type DatabaseServer, startProgram } from "./installation.ts";
import { prepareLomsDatabase } from "./loms-database.ts";
import {
  costCell,
  interleave,
  type Measurement,
  measure,
  measurementCells,
  measurementColumns,
  medianRatio,
  type Processes,
} from "./measurement.ts";
import { openTimers } from "./open-timers.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { median } from "./statistics.ts";
import { orderRequests } from "./workloads.ts";

const actionConcurrency = 64;
const listConcurrency = 16;

/** Nobody listens there, so that no event leaves. */
const noBroker = "127.0.0.1:1";

interface Part {
  readonly rows: readonly (readonly string[])[];
  readonly targets: readonly Target[];
}

/** What the workflow costs: actions beside the calls of the purchase path, what is allowed, and timers that wait. */
export async function workflows(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const actions = await measureActions(server, sizes);
  const timers = await measureTimers(server, sizes);
  return {
    title: "Workflows",
    method:
      "Actions: one client process with two connections, closed loop, against LOMS as it is shipped, whose events stay " +
      'in the outbox. PayOrder and ApplyAction ("payment successful", as the platform) pay equal orders, each of which ' +
      "was there just before. ListAllowedActions asks for all roles of those orders; the echo gets a createOrder over the " +
      "same client, and sets the bound below which no latency can be in a closed loop on this machine. Timers: LOMS's own " +
      "functions in this process, in a database in which so many timers wait, two for each shipped order. A poll is " +
      "one look when none is due, after others have fired; its target is for the mean. Half of the timers that fire " +
      "complete their order, half let it be extended. Ratios are medians of ratios within a round; costs are " +
      "microseconds of processor time per call or timer.",
    table: { columns: [...measurementColumns, "ratio", "cost"], rows: [...actions.rows, ...timers.rows] },
    targets: [...actions.targets, ...timers.targets],
  };
}

async function measureActions(server: DatabaseServer, sizes: Sizes): Promise<Part> {
  const loms = await openLoms(server, "loms_workflows");
  const echo = await startProgram("./echo-server.ts");
  const toEcho = openLoadClient(`127.0.0.1:${echo.firstLine}`);
  const nextRequest = orderRequests("uniform", 5);
  const processes = { client: process.pid, loms: loms.pid, postgres: server.pid };
  const paid: bigint[] = [];
  const inside = openAllowedActions(loms.databaseUrl);

  /** Creates orders, which is not measured, then pays each of them. */
  const pay = (payOne: (orderId: bigint) => Promise<void>) => async () => {
    const ids: bigint[] = [];
    await loadTimes(sizes.ordersToAct, 256, async () => ids.push(await loms.create(nextRequest())));
    const measurement = await measure(processes, () =>
      loadTimes(ids.length, actionConcurrency, (index) => payOne(ids[index] ?? 0n)),
    );
    paid.push(...ids);
    return measurement;
  };

  try {
    const changed = await interleave(sizes.rounds, {
      payOrder: pay(loms.payOrder),
      apply: pay(loms.applyAction),
    });
    const paidOrder = (index: number) => paid[(index * 7919) % paid.length] ?? 0n;
    const list = (processesOfIt: Processes, call: (index: number) => Promise<unknown>) => () =>
      measure(processesOfIt, () => loadFor(sizes.sliceMs, listConcurrency, call));
    const listed = await interleave(sizes.rounds, {
      echo: list({ client: process.pid, echo: echo.pid }, () => toEcho.echo(nextRequest())),
      list: list(processes, (index) => loms.listAllowed(paidOrder(index))),
      inside: list({ node: process.pid, postgres: server.pid }, (index) => inside.list(paidOrder(index))),
    });
    const actionRatio = medianRatio(changed.apply, changed.payOrder);
    const listRatio = medianRatio(listed.list, listed.echo);
    return {
      rows: [
        row(`PayOrder, C = ${actionConcurrency}`, changed.payOrder),
        row(`ApplyAction, C = ${actionConcurrency}`, changed.apply, actionRatio.toFixed(2)),
        row(`echo, C = ${listConcurrency}`, listed.echo),
        row(`ListAllowedActions, C = ${listConcurrency}`, listed.list, listRatio.toFixed(2)),
        row(`the same without RPC, C = ${listConcurrency}`, listed.inside),
      ],
      targets: [
        {
          what: `ApplyAction to PayOrder over gRPC, C = ${actionConcurrency}`,
          measured: actionRatio,
          bound: "at least",
          target: 0.7,
        },
        {
          what: `ListAllowedActions p99, C = ${listConcurrency}`,
          measured: median(listed.list.map(({ p99Ms }) => p99Ms)),
          bound: "at most",
          target: 2,
          unit: "ms",
        },
      ],
    };
  } finally {
    await inside.close();
    toEcho.close();
    await echo.stop();
    await loms.stop();
  }
}

async function measureTimers(server: DatabaseServer, sizes: Sizes): Promise<Part> {
  const timers = await openTimers(server, sizes.openTimers);
  const processes = { node: process.pid, postgres: server.pid };
  const poll = (look: () => Promise<void>) => () =>
    measure(processes, () => loadTimes(sizes.timerPolls, 1, look));
  try {
    const results = await interleave(sizes.rounds, {
      fire: async () => {
        await timers.makeDue(sizes.timersToFire);
        return measure(processes, async () => {
          const startedMs = performance.now();
          const operations = await timers.fire();
          const seconds = (performance.now() - startedMs) / 1000;
          return {
            operations,
            seconds,
            perSecond: operations / seconds,
            p50Ms: Number.NaN,
            p99Ms: Number.NaN,
          };
        });
      },
      orders: poll(timers.pollOrders),
      reservations: poll(timers.pollReservations),
    });
    const [name, perSecond] = measurementCells(
      `timers fired, of ${sizes.openTimers} that wait`,
      results.fire,
    );
    const pollsMs = [results.orders, results.reservations].map((rounds) => median(rounds.map(meanMs)));
    return {
      rows: [
        row(`poll for orders, ${sizes.openTimers} timers wait`, results.orders),
        row(`poll for reservations, ${sizes.openTimers} timers wait`, results.reservations),
        [name ?? "", perSecond ?? "", "", "", "", costCell(results.fire)],
      ],
      targets: [
        {
          what: `an empty poll, ${sizes.openTimers} timers wait`,
          measured: Math.max(...pollsMs),
          bound: "at most",
          target: 1,
          unit: "ms",
        },
        {
          what: `timers fired per second, ${sizes.openTimers} timers wait`,
          measured: median(results.fire.map(({ perSecond: rate }) => rate)),
          bound: "at least",
          target: 2_000,
          digits: 0,
        },
      ],
    };
  } finally {
    await timers.close();
  }
}

function row(name: string, rounds: readonly Measurement[], ratio = ""): string[] {
  return [...measurementCells(name, rounds), ratio, costCell(rounds)];
}

function meanMs({ perSecond }: Measurement): number {
  return 1_000 / perSecond;
}

async function openLoms(server: DatabaseServer, database: string) {
  const url = server.urlOf(database);
  await prepareLomsDatabase(url);
  const loms = await startServiceProcess("loms", { LOMS_DATABASE_URL: url, KAFKA_BROKERS: noBroker });
  const client = openLoadClient(`127.0.0.1:${loms.port}`);
  const { payOrder, applyAction, listAllowedActions } = LomsService.method;
  return {
    pid: loms.pid,
    databaseUrl: url,
    async create(request: Parameters<typeof client.createOrder>[0]): Promise<bigint> {
      const { orderId, status } = await client.createOrder(request);
      assertStatus(status, OrderStatus.AWAITING_PAYMENT);
      return orderId;
    },
    async payOrder(orderId: bigint): Promise<void> {
      await client.call(payOrder, { orderId });
    },
    async applyAction(orderId: bigint): Promise<void> {
      const { status } = await client.call(applyAction, { orderId, role: "P", action: "payment successful" });
      assertStatus(status, OrderStatus.PAID);
    },
    async listAllowed(orderId: bigint): Promise<void> {
      const { status, roles } = await client.call(listAllowedActions, { orderId });
      assertStatus(status, OrderStatus.PAID);
      if (roles.every(({ actions }) => actions.length === 0)) {
        throw new Error("Nothing is allowed with an order of the benchmark.");
      }
    },
    async stop() {
      client.close();
      await loms.stop();
    },
  };
}

function assertStatus(status: OrderStatus, wanted: OrderStatus): void {
  if (status !== wanted) {
    throw new Error(`An order of the benchmark is ${OrderStatus[status]}.`);
  }
}

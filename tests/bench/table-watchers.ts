import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";
import postgres from "postgres";
import { openGrpcClient } from "../harness/grpc-client.ts";
import { startServiceProcess } from "../harness/service-process.ts";
import { type DatabaseServer, startBroker, startProgram } from "./installation.ts";
import type { Section, Target } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { percentile } from "./statistics.ts";
import { nowMs, openWatchers, type WatcherLoad } from "./watcher-load.ts";

/** A bench's clients come from one address and need no tokens. */
const environment = { AUTH: "off", LOMS_ADDRESS: "127.0.0.1:1", PRODUCT_ADDRESS: "127.0.0.1:1" };

const pauseMs = 1;

interface Measured {
  /** From a change to the last of its watchers. */
  readonly latenciesMs: readonly number[];
  readonly missed: number;
  readonly messages: number;
  readonly changeBytes: number;
}

/** How long a change takes to all who watch its table, while thousands watch. */
export async function tableWatchers(server: DatabaseServer, sizes: Sizes): Promise<Section> {
  const { tableWatchers: watchers, watchedSessions, changesPerSecond } = sizes;
  const rows: string[][] = [];
  const targets: Target[] = [];
  const both: Measured[] = [];
  for (const sessions of watchedSessions) {
    const load = { ...sizes, sessions };
    const ours = await measureTables(server, load);
    const bare = await measureBare(load, ours.changeBytes);
    const each = watchers / sessions;
    both.push(ours);
    rows.push(rowOf(`tables, ${each} watchers each`, ours), rowOf(`grpc-js alone, ${each} each`, bare));
    targets.push({
      what: `change to the last of ${each} watchers, ${watchers} in all, ${changesPerSecond} changes/s, p99`,
      measured: percentile(ours.latenciesMs, 0.99),
      bound: "at most",
      target: 250,
      digits: 0,
      unit: "ms",
    });
  }
  const total = (of: (measured: Measured) => number) => both.reduce((sum, measured) => sum + of(measured), 0);
  return {
    title: "Watching tables",
    method:
      `${watchers} streams of WatchSession at one process of tables, spread over ${watchedSessions.join(" or ")} sessions, and ` +
      `${changesPerSecond} changes per second (RotateInvitation, which needs no other service) for ${sizes.watchedSeconds} s, ` +
      "sent by the clock. The time runs from the writing of the change's row to the arrival at the last of the session's " +
      "watchers, which are all in this process, so it holds the commit and the reading as well. Against it a server of " +
      "grpc-js alone that sends messages of the same size to as many streams at the same rate, from the sending on.",
    table: {
      columns: ["", "changes", "messages", "p50 ms", "p90 ms", "p99 ms", "max ms", "missed"],
      rows,
    },
    targets: [
      ...targets,
      {
        what: "share of messages to watchers of tables that arrived, once and in order",
        measured: 1 - total(({ missed }) => missed) / total(({ messages }) => messages),
        bound: "at least",
        target: 1,
        digits: 6,
      },
    ],
  };
}

function rowOf(what: string, { latenciesMs, messages, missed }: Measured): string[] {
  return [
    what,
    `${latenciesMs.length}`,
    `${messages}`,
    ...[0.5, 0.9, 0.99, 1].map((share) => percentile(latenciesMs, share).toFixed(1)),
    `${missed}`,
  ];
}

type Load = Omit<Sizes, "watchedSessions"> & { readonly sessions: number };

async function measureTables(server: DatabaseServer, sizes: Load): Promise<Measured> {
  const { tableWatchers: watchers, sessions } = sizes;
  const url = server.urlOf(`tables_watchers_${sessions}`);
  const broker = await startBroker();
  const tables = await startServiceProcess("tables", {
    ...environment,
    TABLES_DATABASE_URL: url,
    KAFKA_BROKERS: broker.address,
  });
  const address = `127.0.0.1:${tables.port}`;
  const { client, close } = await openGrpcClient(TablesService, address);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  let load: WatcherLoad | undefined;
  try {
    const sessionIds = await openSessions(address, client, sessions);
    load = await openWatchers(address, sessionIds, watchers / sessions);
    // The first second compiles code.
    await change(client, sessionIds, sizes, 1);
    await untilQuiet(load);
    load.forget();
    const [before] = await sql<{ at: Date }[]>`select clock_timestamp() as at`;
    await change(client, sessionIds, sizes, sizes.watchedSeconds);
    const rows = await sql<{ name: string; atMs: number; bytes: number }[]>`
      select session_id || '/' || version as name, extract(epoch from changed_at)::float8 * 1000 as "atMs",
        length(change) as bytes
      from session_changes where changed_at > ${before?.at ?? new Date()}`;
    await untilQuiet(load);
    return measured(load, rows, watchers / sessions);
  } finally {
    load?.close();
    close();
    await sql.end();
    await tables.stop();
    await broker.stop();
  }
}

async function measureBare(sizes: Load, changeBytes: number): Promise<Measured> {
  const { tableWatchers: watchers, sessions, changesPerSecond, watchedSeconds } = sizes;
  const program = await startProgram(
    "./fan-out-server.ts",
    [sessions, changesPerSecond, changeBytes].map(String),
  );
  let load: WatcherLoad | undefined;
  try {
    const sessionIds = Array.from({ length: sessions }, (_, index) => BigInt(index + 1));
    load = await openWatchers(`127.0.0.1:${program.firstLine}`, sessionIds, watchers / sessions);
    await delay(1_000);
    load.forget();
    await delay(watchedSeconds * 1_000);
    // It does not stop sending: what is on its way at this moment is not looked at.
    const arrivals = [...load.lastArrivals].filter(([, { atMs }]) => atMs < nowMs() - 500);
    const rows = arrivals
      .slice(sessions)
      .map(([name, { cursor }]) => ({ name, atMs: Number(cursor), bytes: changeBytes }));
    return measured(load, rows, watchers / sessions);
  } finally {
    load?.close();
    await program.stop();
  }
}

/** Every change, and whether each of its watchers has had it. */
function measured(
  { lastArrivals, outOfOrder }: WatcherLoad,
  changes: readonly { readonly name: string; readonly atMs: number; readonly bytes: number }[],
  perSession: number,
): Measured {
  const arrivals = changes.map(({ name }) => lastArrivals.get(name));
  const missing = arrivals.reduce((sum, arrival) => sum + perSession - (arrival?.watchers ?? 0), 0);
  return {
    latenciesMs: changes.flatMap(({ atMs }, index) => {
      const arrival = arrivals[index];
      return arrival === undefined ? [] : [arrival.atMs - atMs];
    }),
    missed: missing + outOfOrder(),
    messages: changes.length * perSession,
    changeBytes: Math.round(changes.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, changes.length)),
  };
}

async function openSessions(
  address: string,
  client: Client<typeof TablesService>,
  count: number,
): Promise<bigint[]> {
  const places = await openGrpcClient(LocationsService, address);
  try {
    const { location } = await places.client.createLocation({
      location: { name: "Bench", address: "Bench street", ownerUserId: 1n },
    });
    const ids: bigint[] = [];
    for (let index = 0; index < count; index += 1) {
      const { session } = await client.openSession({
        locationId: location?.locationId,
        name: `Table ${index}`,
      });
      ids.push(session?.sessionId ?? 0n);
    }
    return ids;
  } finally {
    places.close();
  }
}

/** Open loop: a slow answer does not hold back the next change. */
async function change(
  client: Client<typeof TablesService>,
  sessionIds: readonly bigint[],
  { changesPerSecond }: Load,
  seconds: number,
): Promise<void> {
  const count = changesPerSecond * seconds;
  const startedMs = nowMs();
  const calls: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  while (calls.length < count && failures.length === 0) {
    const due = Math.min(count, Math.floor(((nowMs() - startedMs) / 1_000) * changesPerSecond) + 1);
    while (calls.length < due) {
      const sessionId = sessionIds[calls.length % sessionIds.length];
      calls.push(client.rotateInvitation({ sessionId }).catch((error) => failures.push(error)));
    }
    await delay(pauseMs);
  }
  await Promise.all(calls);
  if (failures.length > 0) {
    throw failures[0];
  }
}

/** Nothing has come for a while. */
async function untilQuiet(load: WatcherLoad): Promise<void> {
  let before = -1;
  await eventually(
    () => {
      const messages = load.messages();
      const isQuiet = messages === before;
      before = messages;
      if (!isQuiet) {
        throw new Error("Messages are still coming.");
      }
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
}

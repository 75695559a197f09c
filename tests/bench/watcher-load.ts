import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, credentials } from "@grpc/grpc-js";
import {
  TablesService,
  WatchSessionRequestSchema,
  type WatchSessionResponse,
  WatchSessionResponseSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { eventually } from "@ordermesh/testkit/eventually";

export const watchPath = `/${TablesService.typeName}/WatchSession`;

/** Milliseconds since 1970, with fractions, by the clock that all processes of a machine share. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Many streams in this process, some for each session. */
export interface WatcherLoad {
  readonly count: number;
  /** When the last watcher of a session had a change, by "session/version". */
  readonly lastArrivals: ReadonlyMap<
    string,
    { readonly atMs: number; readonly watchers: number; readonly cursor: string }
  >;
  /** Changes that came twice or out of order. */
  outOfOrder(): number;
  messages(): number;
  /** Forgets the arrivals so far. */
  forget(): void;
  close(): void;
}

const streamsPerConnection = 100;

/** Opens the streams and waits until each has been told where its session is. */
export async function openWatchers(
  address: string,
  sessionIds: readonly bigint[],
  perSession: number,
): Promise<WatcherLoad> {
  const lastArrivals = new Map<string, { atMs: number; watchers: number; cursor: string }>();
  const clients: Client[] = [];
  const streams: ClientReadableStream<WatchSessionResponse>[] = [];
  let begun = 0;
  let outOfOrder = 0;
  let messages = 0;
  let failed: Error | undefined;

  function open(sessionId: bigint): void {
    if (streams.length % streamsPerConnection === 0) {
      const options = { "grpc.use_local_subchannel_pool": 1 };
      clients.push(new Client(address, credentials.createInsecure(), options));
    }
    const stream = clients.at(-1)!.makeServerStreamRequest(
      watchPath,
      (request: bigint) =>
        Buffer.from(
          toBinary(WatchSessionRequestSchema, create(WatchSessionRequestSchema, { sessionId: request })),
        ),
      (bytes: Buffer) => fromBinary(WatchSessionResponseSchema, bytes),
      sessionId,
    );
    let seen: number | undefined;
    stream.on("data", ({ cursor, update }: WatchSessionResponse) => {
      if (update.case === "session") {
        begun += seen === undefined ? 1 : 0;
        seen = update.value.version;
      } else if (update.case === "change") {
        const { version } = update.value;
        outOfOrder += version === (seen ?? 0) + 1 ? 0 : 1;
        seen = version;
        messages += 1;
        const name = `${sessionId}/${version}`;
        const watchers = (lastArrivals.get(name)?.watchers ?? 0) + 1;
        lastArrivals.set(name, { atMs: nowMs(), watchers, cursor });
      }
    });
    stream.on("error", (error: Error) => {
      failed ??= error;
    });
    streams.push(stream);
  }

  for (const sessionId of sessionIds) {
    for (let index = 0; index < perSession; index += 1) {
      open(sessionId);
    }
    // The next ones come once these are in, as guests do.
    await eventually(
      () => {
        if (begun < streams.length) {
          throw failed ?? new Error(`${begun} of ${streams.length} watchers have begun.`);
        }
      },
      { timeoutMs: 60_000, everyMs: 2 },
    );
  }
  return {
    count: streams.length,
    lastArrivals,
    outOfOrder: () => outOfOrder,
    messages: () => messages,
    forget() {
      lastArrivals.clear();
      messages = 0;
    },
    close() {
      for (const stream of streams) {
        stream.on("error", () => {});
        stream.cancel();
      }
      for (const client of clients) {
        client.close();
      }
    },
  };
}

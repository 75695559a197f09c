import postgres from "postgres";

export type Client = postgres.Sql<{ bigint: bigint }>;

export interface ConnectOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** Statements that may be under way on one connection. 1 keeps a lock wait from holding up strangers. */
  readonly pipelineMax: number;
  /** Server settings of each connection, such as statement_timeout. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Opens a client; connections are made when they are needed. */
export function connect(options: ConnectOptions): Client {
  // The driver reads this option, but its types do not know it.
  const pipelining: object = { max_pipeline: options.pipelineMax };
  return postgres(options.url, {
    ...pipelining,
    max: options.connectionsMax,
    // Seconds. A server that does not answer counts as away after this.
    connect_timeout: 3,
    keep_alive: 10,
    // Seconds between tries to connect: short, because callers wait for it.
    backoff: (attempt: number) => Math.min(0.01 * 2 ** attempt, 0.2),
    // Arrays are passed as literals, so the type catalogue need not be read on every new connection.
    fetch_types: false,
    onnotice: () => {},
    types: { bigint: postgres.BigInt },
    connection: { application_name: options.applicationName, TimeZone: "UTC", ...options.settings },
  });
}

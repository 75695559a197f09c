import {
  type EmbeddedPostgres,
  embeddedDatabaseUrl,
  startEmbeddedPostgres,
} from "@ordermesh/embedded/embedded-postgres";
import { Failure } from "@ordermesh/failure/failure";
import { pause } from "@ordermesh/process/wait";
import { describeError } from "./exit-codes.ts";
import { postgresPort } from "./programs.ts";
import type { Report } from "./report.ts";

/** The embedded server under supervision. */
export interface DatabaseServer {
  readonly port: number;
  /** Address of a database on it. The database itself is made by the service that owns it. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

const restartDelayMs = 200;
const restartDelayMaxMs = 10_000;
const healthyAfterMs = 30_000;

/**
 * Starts the embedded server and starts it again on the same port when it ends by itself.
 *
 * @throws Failure in one sentence, when it does not start the first time.
 */
export async function startDatabaseServer(options: {
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly port: number;
  readonly report: Report;
}): Promise<DatabaseServer> {
  const { report } = options;
  const stopping = new AbortController();
  const start = (port: number) => startEmbeddedPostgres({ ...options, port, onProgress: report.progress });

  let server: EmbeddedPostgres | undefined;
  try {
    server = await start(options.port);
  } catch (error) {
    throw withAdvice(error);
  }
  const { port } = server;

  async function keepRunning(): Promise<void> {
    let deathsInARow = 0;
    let startedAt = performance.now();
    while (!stopping.signal.aborted) {
      const reason = await endOf(server);
      server = undefined;
      if (stopping.signal.aborted) {
        return;
      }
      deathsInARow = performance.now() - startedAt >= healthyAfterMs ? 1 : deathsInARow + 1;
      const restartInMs = Math.min(restartDelayMaxMs, restartDelayMs * 2 ** Math.min(deathsInARow - 1, 30));
      report.warn(`PostgreSQL ended (${reason}); starting it again in ${restartInMs} ms`, {
        reason,
        restart_in_ms: restartInMs,
      });
      await pause(restartInMs, stopping.signal);
      startedAt = performance.now();
      server = stopping.signal.aborted ? undefined : await start(port).catch(reportFailedStart(report));
    }
    // Stopped while it was starting.
    await server?.stop();
  }

  const ended = keepRunning();
  return {
    port,
    urlOf: (database) => embeddedDatabaseUrl(port, database),
    async stop() {
      stopping.abort();
      await server?.stop();
      await ended;
    },
  };
}

async function endOf(server: EmbeddedPostgres | undefined): Promise<string> {
  if (server === undefined) {
    return "it could not be started";
  }
  const { code, signal, lastLogLine } = await server.exited;
  const how = signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
  return lastLogLine === "" ? how : `${how}, ${lastLogLine}`;
}

function reportFailedStart(report: Report): (error: unknown) => undefined {
  return (error) => {
    report.warn(describeError(error));
    return undefined;
  };
}

/** Says how the advice of a Failure is followed on this command line. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof Failure)) {
    return error;
  }
  const advice: Record<string, string> = {
    PORT_TAKEN: `The variable ${postgresPort.variable} names another port.`,
    DATA_DIRECTORY_DAMAGED: "`npm start -- --fresh` removes all data and starts empty.",
    DATA_DIRECTORY_VERSION: "`npm start -- --fresh` removes all data and starts empty.",
  };
  const sentence = advice[error.reason];
  return sentence === undefined
    ? error
    : new Failure(error.kind, `${error.message} ${sentence}`, { reason: error.reason, cause: error });
}

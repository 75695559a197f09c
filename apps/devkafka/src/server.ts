import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Failure } from "@ordermesh/failure/failure";
import type { Dispatch } from "./apis/dispatch.ts";
import { type Connection, serveConnection } from "./connection.ts";
import type { DevkafkaLogger } from "./logger.ts";

export interface Server {
  readonly address: { readonly host: string; readonly port: number };
  /** Stops accepting, hangs up on every client, and waits until nothing of them is running. */
  stop(): Promise<void>;
}

/**
 * Listens for clients and serves each on its own connection: what goes wrong on one does not touch the others.
 *
 * @throws Failure when the address cannot be listened on.
 */
export async function startServer(options: {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly dispatch: Dispatch;
  readonly logger: DevkafkaLogger;
  readonly requestBytesMax: number;
  /** Connections beyond this number are closed at once. */
  readonly connectionsMax: number;
}): Promise<Server> {
  const { host, port, dispatch, logger, requestBytesMax, connectionsMax } = options;
  const connections = new Set<Connection>();

  const server = createServer((socket) => {
    const connection = serveConnection({ socket, dispatch, logger, requestBytesMax });
    connections.add(connection);
    connection.ended.then(() => connections.delete(connection));
  });
  server.maxConnections = connectionsMax;
  server.on("drop", () =>
    logger.warn({ connections_max: connectionsMax }, "refused a connection: too many are open"),
  );
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(host, port, error);
  }
  server.on("error", (err) => logger.warn({ err }, "could not accept a connection"));

  return {
    address: { host, port: (server.address() as AddressInfo).port },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const connection of connections) {
        connection.hangUp();
      }
      await Promise.all([closed, ...Array.from(connections, (connection) => connection.ended)]);
    },
  };
}

function cannotListen(host: string, port: number, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const message =
    code === "EADDRINUSE"
      ? `Port ${port} on ${host} is in use: stop the program that has it, or choose another with DEVKAFKA_PORT.`
      : `devkafka cannot listen on ${host}:${port} (${error instanceof Error ? error.message : error}): choose another address with DEVKAFKA_HOST and DEVKAFKA_PORT.`;
  return new Failure("unavailable", message, { reason: "CANNOT_LISTEN", cause: error });
}

import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket, TlsOptions } from "node:tls";
import { Failure } from "@ordermesh/failure/failure";
import type { RpcLimits } from "./limits.ts";
import { sniffProtocol } from "./sniffing.ts";
import { divertUpgrades, type UpgradeListener } from "./upgrades.ts";

/** PEM texts. With a client authority, only clients with a certificate that it signed get in. */
export interface ServerTls {
  readonly certificate: string | Buffer;
  readonly key: string | Buffer;
  readonly clientAuthority?: string | Buffer;
}

/** One listening port that serves HTTP/1.1 itself and hands HTTP/2 connections on. */
export interface Port {
  readonly address: { readonly host: string; readonly port: number };
  /** Stops listening, and closes HTTP/1.1 connections as they become idle. Resolves when every connection is closed. */
  drain(): Promise<void>;
  /** Closes every connection, also those that were handed on. */
  destroy(): void;
}

/** How often, while draining, connections are looked for that have become idle. */
const idleCheckIntervalMs = 50;

/**
 * @throws Failure that names the port if it cannot be had.
 */
export async function openPort(options: {
  readonly host: string;
  readonly port: number;
  readonly limits: RpcLimits;
  readonly tls: ServerTls | undefined;
  readonly onRequest: RequestListener;
  readonly onHttp2: (socket: Socket) => void;
  /** Without it a request for WebSocket is one like any other. */
  readonly onUpgrade?: UpgradeListener | undefined;
  /** Told what goes wrong once the port is open, such as no file descriptor being left for a connection. */
  readonly onError: (error: Error) => void;
}): Promise<Port> {
  const { host, port, limits, tls, onRequest, onHttp2, onUpgrade, onError } = options;
  let draining = false;
  const answering = new Set<Socket>();
  const server = createHttpServer(limits, tls, (request, response) => {
    response.shouldKeepAlive &&= !draining;
    answering.add(request.socket);
    response.once("close", () => answering.delete(request.socket));
    onRequest(request, response);
  });
  // Cuts a client that reads nothing, and one that has been idle for long, but not one that waits on a quiet stream.
  server.setTimeout(limits.stalledStreamTimeoutMs, (socket) => {
    if (socket.writableLength > 0 || !answering.has(socket)) {
      socket.destroy();
    }
  });
  server.maxConnections = limits.maxConnections;
  const sockets = new Set<Socket>();
  const newConnection = tls === undefined ? "connection" : "secureConnection";
  const serveHttp1 = server.listeners(newConnection);
  const undecided = divertHttp2(
    server,
    newConnection,
    limits,
    // One whose TLS handshake ends only now has missed the GOAWAY that the others got.
    (socket) => (draining ? socket.destroy() : onHttp2(socket)),
  );
  if (onUpgrade !== undefined) {
    divertUpgrades(server, onUpgrade, (socket) => {
      for (const listener of serveHttp1) {
        listener.call(server, socket);
      }
    });
  }
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await listen(server, host, port);
  server.on("error", onError);

  return {
    address: { host, port: (server.address() as AddressInfo).port },
    drain() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of undecided) {
        socket.destroy();
      }
      server.closeIdleConnections();
      const idleCheck = setInterval(() => server.closeIdleConnections(), idleCheckIntervalMs);
      return closed.finally(() => clearInterval(idleCheck));
    },
    destroy() {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

function createHttpServer(limits: RpcLimits, tls: ServerTls | undefined, onRequest: RequestListener): Server {
  const httpOptions: ServerOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: Math.min(limits.requestTimeoutMs, limits.sniffTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.requestTimeoutMs),
    keepAlive: true,
    keepAliveInitialDelay: limits.keepaliveIntervalMs,
    noDelay: true,
  };
  if (tls === undefined) {
    return createServer(httpOptions, onRequest);
  }
  const tlsOptions: TlsOptions = {
    cert: tls.certificate,
    key: tls.key,
    ...(tls.clientAuthority !== undefined && { ca: tls.clientAuthority, requestCert: true }),
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.sniffTimeoutMs,
    ALPNProtocols: ["h2", "http/1.1"],
  };
  return createSecureServer({ ...httpOptions, ...tlsOptions }, onRequest);
}

/**
 * Puts itself between the HTTP/1.1 server and its new connections. The server has to own the port, because Node
 * watches the timeouts of HTTP/1.1 only for a server that listens.
 *
 * @returns the connections whose protocol is not known yet.
 */
function divertHttp2(
  server: Server,
  event: "connection" | "secureConnection",
  limits: RpcLimits,
  onHttp2: (socket: Socket) => void,
): ReadonlySet<Socket> {
  const undecided = new Set<Socket>();
  const acceptHttp1 = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (socket: Socket | TLSSocket) => {
    const accept = (protocol: "http1" | "http2") => {
      if (protocol === "http2") {
        // An HTTP/1.1 server lets clients close their half first; an HTTP/2 session would not notice that they have.
        socket.allowHalfOpen = false;
        onHttp2(socket);
        return;
      }
      for (const listener of acceptHttp1) {
        listener.call(server, socket);
      }
    };
    if ("alpnProtocol" in socket && socket.alpnProtocol === "h2") {
      accept("http2");
      return;
    }
    undecided.add(socket);
    socket.once("close", () => undecided.delete(socket));
    sniffProtocol(socket, limits.sniffTimeoutMs, (protocol) => {
      undecided.delete(socket);
      accept(protocol);
    });
  });
  return undecided;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenFailure(error, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): Failure {
  const problems: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program: stop that one, or configure another port.`,
    EACCES: `Port ${port} on ${host} needs more rights than this user has: configure a port above 1023.`,
    EADDRNOTAVAIL: `Port ${port} cannot be opened on ${host}, which is not an address of this machine.`,
  };
  const message = problems[error.code ?? ""] ?? `Port ${port} on ${host} cannot be opened: ${error.message}.`;
  return new Failure("failed_precondition", message, { reason: "PORT_UNAVAILABLE", cause: error });
}

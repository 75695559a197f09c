import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/** Gets a request for WebSocket, its connection, and what has arrived behind the request's head. */
export type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/**
 * Hands requests for WebSocket on. Node gives all upgrades to one listener, also those that a server may ignore: a client
 * that would rather speak HTTP/2 (`Upgrade: h2c`) is served over HTTP/1.1, as if it had not asked.
 *
 * @param serveHttp1 what the server does with a new connection.
 */
export function divertUpgrades(
  server: Server,
  onUpgrade: UpgradeListener,
  serveHttp1: (socket: Socket) => void,
): void {
  server.on("upgrade", (request, stream, head) => {
    // Of an HTTP server's connection it is always one.
    const socket = stream as Socket;
    if (request.headers.upgrade?.toLowerCase() === "websocket") {
      onUpgrade(request, socket, head);
      return;
    }
    // Node has let go of the connection, so that the request is begun anew, without the headers that ask.
    socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
    serveHttp1(socket);
    socket.resume();
  });
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const kept = name.toLowerCase() === "connection" ? otherOptions(value) : value;
    if (!asksForUpgrade(name) && kept !== "") {
      lines.push(`${name}: ${kept}`);
    }
  }
  // As they came: Node reads the bytes of headers as Latin-1.
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function otherOptions(connection: string): string {
  const options = connection.split(",").map((option) => option.trim());
  return options.filter((option) => !asksForUpgrade(option)).join(", ");
}

function asksForUpgrade(name: string): boolean {
  return /^(upgrade|http2-settings)$/i.test(name);
}

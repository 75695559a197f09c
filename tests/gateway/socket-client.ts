import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";

/** A WebSocket that keeps what it gets. */
export interface SocketClient {
  readonly socket: WebSocket;
  /** Parsed, in the order in which they came. */
  readonly messages: ReturnType<typeof JSON.parse>[];
  /** Resolves when it is closed, whoever closed it. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** How an upgrade was refused. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly json: ReturnType<typeof JSON.parse>;

  constructor(response: IncomingMessage, text: string) {
    super(`refused with ${response.statusCode}: ${text}`);
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.json = text === "" ? undefined : JSON.parse(text);
  }
}

/** As a browser sends its token. */
export const asBrowser = (token: string, protocol = "ordermesh.session.v1") => [protocol, `bearer.${token}`];

/** @throws Refused unless it is opened. */
export async function openSocket(
  url: string,
  options: {
    readonly protocols?: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<SocketClient> {
  const socket = new WebSocket(url, [...(options.protocols ?? [])], { headers: { ...options.headers } });
  const messages: ReturnType<typeof JSON.parse>[] = [];
  socket.on("message", (data) => messages.push(JSON.parse(`${data}`)));
  socket.on("error", () => {});
  const closed = once(socket, "close").then(([code, reason]) => ({ code, reason: `${reason}` }));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_, response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => reject(new Refused(response, text)));
    });
    socket.once("error", reject);
  });
  return { socket, messages, closed };
}

/** @throws Error if it is opened. */
export async function refusalOf(opening: Promise<SocketClient>): Promise<Refused> {
  try {
    const { socket } = await opening;
    socket.terminate();
  } catch (error) {
    if (error instanceof Refused) {
      return error;
    }
    throw error;
  }
  throw new Error("the WebSocket was opened");
}

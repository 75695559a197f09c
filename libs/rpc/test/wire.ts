import http2 from "node:http2";
import { createConnection, type Socket } from "node:net";

/** A raw connection to a server, for what no client library would send. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything that came so far, as Latin-1 text. */
  received(): string;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
}

export function connectRaw(port: number): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = createConnection({ host: "127.0.0.1", port, noDelay: true });
    const closed = new Promise<void>((done) => socket.once("close", () => done()));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("error", reject);
    socket.once("connect", () => {
      // What the server does to this connection is for the test to look at, not an accident.
      socket.on("error", () => undefined);
      resolve({ socket, closed, received: () => Buffer.concat(chunks).toString("latin1") });
    });
  });
}

export interface Http2Answer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of the RST_STREAM that ended the stream; 0 if it ended by itself. */
  readonly resetCode: number;
}

/** Sends one HTTP/2 request on a session of its own. */
export async function requestHttp2(
  url: string,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<Http2Answer> {
  const session = http2.connect(url);
  try {
    return await requestOn(session, headers, body);
  } finally {
    session.destroy();
  }
}

/** Sends one HTTP/2 request. Without a body the request is left open. */
export function requestOn(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    // One for each call on the session.
    session.setMaxListeners(0).on("error", reject);
    const stream = session.request({ ":method": "POST", ...headers });
    let received: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on("response", (found) => {
      received = found;
    });
    stream.on("trailers", (found) => {
      trailers = found;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => undefined);
    stream.on("close", () => {
      session.off("error", reject);
      resolve({ headers: received, trailers, body: Buffer.concat(chunks), resetCode: stream.rstCode ?? 0 });
    });
    if (body !== undefined) {
      stream.end(body);
    }
  });
}

/** A message with the five bytes that gRPC puts in front of it. */
export function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

export const echoPath = "/test.echo.v1.EchoService/Echo";
export const grpcHeaders = { ":path": echoPath, "content-type": "application/grpc", te: "trailers" };

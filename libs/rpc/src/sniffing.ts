import type { Socket } from "node:net";

/** What every HTTP/2 client sends first, and no HTTP/1.1 client ever does. */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Reads until the first bytes tell HTTP/2 from anything else, puts them back and reports. A connection that does not
 * decide in time is closed, however it spreads its bytes.
 */
export function sniffProtocol(
  socket: Socket,
  timeoutMs: number,
  onDecided: (protocol: "http1" | "http2") => void,
): void {
  let head: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);

  const onData = (chunk: Buffer) => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const length = Math.min(head.length, http2Preface.length);
    const isPreface = head.subarray(0, length).equals(http2Preface.subarray(0, length));
    if (isPreface && length < http2Preface.length) {
      return;
    }
    stop();
    socket.pause();
    socket.unshift(head);
    onDecided(isPreface ? "http2" : "http1");
    if (!isPreface) {
      socket.resume();
    }
  };
  const onError = () => socket.destroy();
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", onData);
    socket.off("error", onError);
    socket.off("close", stop);
    socket.off("end", onError);
  };

  socket.on("data", onData);
  socket.on("error", onError);
  socket.on("close", stop);
  // The server allows half-open connections; one that ends before it has begun is of no use.
  socket.on("end", onError);
}

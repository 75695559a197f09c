/**
 * What one server takes from its clients before it says no. Every figure is set here and none is a library's default,
 * because several of those are "unlimited".
 */
export interface RpcLimits {
  /** Longest wait for the first bytes that tell HTTP/1.1 from HTTP/2, and for a TLS handshake. */
  readonly sniffTimeoutMs: number;
  /** Open sockets; further ones are closed at once. */
  readonly maxConnections: number;
  /** Largest message in either direction, after decompression. */
  readonly maxMessageBytes: number;
  /** All headers of one request together: HTTP/1.1 headers as well as gRPC metadata. */
  readonly maxHeaderBytes: number;
  /** Calls at the same time on one HTTP/2 connection; a client queues further ones. */
  readonly maxConcurrentStreams: number;
  /** Longest time for a client to send a whole request that is not a stream. */
  readonly requestTimeoutMs: number;
  /** A connection without a call is closed after this. Clients open another one when they need it. */
  readonly idleTimeoutMs: number;
  /** Older HTTP/2 connections are closed once their calls have ended, so that clients look up the addresses anew. */
  readonly maxConnectionAgeMs: number;
  /** How often a silent HTTP/2 connection is pinged, to notice peers that vanished. */
  readonly keepaliveIntervalMs: number;
  /** Longest wait for the answer to such a ping. */
  readonly keepaliveTimeoutMs: number;
  /** Deadline of a unary call whose client gave none. */
  readonly unaryTimeoutMs: number;
  /** Deadline of a unary call whose client gave a longer one. */
  readonly maxUnaryTimeoutMs: number;
  /** A stream whose client reads nothing for this long is ended. */
  readonly stalledStreamTimeoutMs: number;
  /** When the server stops, streams get this long to end by themselves, and as long again once they are asked to. */
  readonly streamGraceMs: number;
}

export const defaultLimits: RpcLimits = {
  // A real client sends its first bytes within a round trip; ten seconds forgive a bad mobile line.
  sniffTimeoutMs: 10_000,
  // Below the usual 4096 or 65536 file descriptors of a process, with room for databases and Kafka.
  maxConnections: 4_000,
  // What gRPC clients expect by default. The largest request of ours, 500 orders, is about 1 MiB.
  maxMessageBytes: 4 * 1024 * 1024,
  // Tokens and trace headers are a few KiB. Node's HTTP/2 has the same figure as its own default.
  maxHeaderBytes: 64 * 1024,
  // Well above the 256 orders of a full batch, well below what would exhaust memory on one connection.
  maxConcurrentStreams: 1_000,
  // 4 MiB at 70 KiB/s. Slower than that is an attack, or a line on which a retry is better.
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 600_000,
  // A replica that was added gets its share of calls within half an hour, without anyone restarting.
  maxConnectionAgeMs: 1_800_000,
  keepaliveIntervalMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  unaryTimeoutMs: 30_000,
  maxUnaryTimeoutMs: 300_000,
  stalledStreamTimeoutMs: 60_000,
  streamGraceMs: 500,
};

/** The longest time that a Node timer can wait; a longer one would fire at once. */
export const maxTimerMs = 2 ** 31 - 1;

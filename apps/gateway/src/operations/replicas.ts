import { lookup } from "node:dns/promises";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { isIP } from "node:net";
import type { ClientTls } from "@ordermesh/rpc/client-channels";
import { parseMetrics } from "./metrics-text.ts";
import { type ReplicaSample, sampleOf } from "./replica-figures.ts";

/** One process of a service, as it answered just now. */
export interface ReplicaAnswer {
  /** host:port. */
  readonly address: string;
  readonly ready: boolean;
  /** Why it is not, or does not answer; empty if it is. */
  readonly problem: string;
  readonly answeredInMs: number;
  readonly sample: ReplicaSample | undefined;
}

/** A replica that is slower than this is as good as gone for whoever looks. */
const timeoutMs = 2_000;

/** A page of metrics has some 100 KiB. */
const pageBytesMax = 4 * 1024 * 1024;

/**
 * Finds the replicas behind an address: a host name stands for all that it resolves to.
 *
 * @param address "host:port", or several with commas between.
 * @throws Error if a name can not be resolved.
 */
export async function findReplicas(address: string): Promise<string[]> {
  const parts = address.split(",").map(async (part) => {
    const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(part.trim()) ?? [];
    const hosts =
      isIP(host) === 0 ? (await lookup(host, { all: true })).map((found) => found.address) : [host];
    return hosts.map((one) => (isIP(one) === 6 ? `[${one}]:${port}` : `${one}:${port}`));
  });
  return [...new Set((await Promise.all(parts)).flat())].sort();
}

/** Asks one replica whether it is ready and how it does. Never rejects. */
export async function askReplica(address: string, tls: ClientTls | undefined): Promise<ReplicaAnswer> {
  const startedAt = performance.now();
  try {
    const ready = await get(address, "/readyz", tls);
    const answeredInMs = performance.now() - startedAt;
    const metrics = await get(address, "/metrics", tls).catch(() => undefined);
    return {
      address,
      ready: ready.status === 200,
      problem: ready.status === 200 ? "" : ready.text.trim().replace(/^not ready: /, ""),
      answeredInMs,
      sample: metrics?.status === 200 ? sampleOf(parseMetrics(metrics.text), Date.now()) : undefined,
    };
  } catch (error) {
    const answeredInMs = performance.now() - startedAt;
    return { address, ready: false, problem: problemOf(error), answeredInMs, sample: undefined };
  }
}

interface PlainAnswer {
  readonly status: number;
  readonly text: string;
}

function get(address: string, path: string, tls: ClientTls | undefined): Promise<PlainAnswer> {
  const url = new URL(`${tls === undefined ? "http" : "https"}://${address}${path}`);
  return new Promise((resolve, reject) => {
    const options = {
      agent: false as const,
      signal: AbortSignal.timeout(timeoutMs),
      ...(tls !== undefined && {
        cert: tls.certificate,
        key: tls.key,
        ...(tls.authority !== undefined && { ca: tls.authority }),
        servername: tls.serverName,
      }),
    };
    const sent = (tls === undefined ? plainRequest : secureRequest)(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > pageBytesMax) {
          response.destroy(new Error("its answer is too long"));
        }
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

function problemOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ECONNRESET":
      return "it hung up";
    default:
      return name === "AbortError" || name === "TimeoutError"
        ? `no answer within ${timeoutMs} ms`
        : `it can not be asked (${code ?? name})`;
  }
}

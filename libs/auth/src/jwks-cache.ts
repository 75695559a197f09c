import type { Logger } from "@ordermesh/telemetry/logger";
import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { keysUnavailable } from "./refusals.ts";

export interface JwksCacheOptions {
  readonly url: string;
  readonly logger: Logger;
  /** After this the keys are asked for again, while the old ones stay in use: how long a removed key is accepted. */
  readonly refreshAfterMs?: number;
  /** However many tokens name keys that are not known, the issuer is asked no more often than this. */
  readonly retryAfterMs?: number;
  /** The same while there is no key at all. */
  readonly firstRetryAfterMs?: number;
  readonly timeoutMs?: number;
  /** Told when a key has gone. */
  readonly onRemoved?: () => void;
}

/** The public keys of an issuer, fetched when they are needed and kept while the issuer is away. */
export interface JwksCache {
  /**
   * The key that a token's header names.
   *
   * @throws JWKSNoMatchingKey if there is none; Failure `unavailable` if no key could ever be fetched.
   */
  readonly find: JWTVerifyGetKey;
  /** Begins to fetch the keys anew if that is due, and does not wait for it. Costs one comparison. */
  refreshIfDue(nowMs: number): void;
}

const bodyBytesMax = 256 * 1024;

export function createJwksCache(options: JwksCacheOptions): JwksCache {
  const { url, logger, onRemoved } = options;
  const {
    refreshAfterMs = 300_000,
    retryAfterMs = 60_000,
    firstRetryAfterMs = 1_000,
    timeoutMs = 5_000,
  } = options;
  let known: { readonly select: JWTVerifyGetKey<CryptoKey>; readonly ids: ReadonlySet<string> } | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  let problem: unknown;

  /** Never rejects: what goes wrong is logged, and remembered for whoever is left without a key. */
  async function fetchKeys(): Promise<void> {
    triedAtMs = Date.now();
    dueAtMs = triedAtMs + retryAfterMs;
    try {
      const set = await download(url, timeoutMs);
      const ids = new Set(set.keys.map(({ kid }) => kid ?? ""));
      const removed = [...(known?.ids ?? [])].some((id) => !ids.has(id));
      known = { select: createLocalJWKSet(set), ids };
      dueAtMs = triedAtMs + refreshAfterMs;
      if (removed) {
        onRemoved?.();
      }
    } catch (error) {
      problem = error;
      logger.warn({ err: error, url }, "the issuer's keys could not be fetched");
    }
  }

  /** One at a time, and not more often than allowed. */
  function refresh(): Promise<void> | undefined {
    const waitMs = known === undefined ? firstRetryAfterMs : retryAfterMs;
    if (fetching === undefined && Date.now() - triedAtMs >= waitMs) {
      fetching = fetchKeys().finally(() => {
        fetching = undefined;
      });
    }
    return fetching;
  }

  return {
    async find(header, token) {
      if (known === undefined) {
        await refresh();
      }
      if (known === undefined) {
        throw keysUnavailable(problem);
      }
      if (typeof header.kid !== "string") {
        throw new errors.JWKSNoMatchingKey();
      }
      if (!known.ids.has(header.kid)) {
        await refresh();
      }
      return await known.select(header, token);
    },
    refreshIfDue(nowMs) {
      if (nowMs >= dueAtMs && known !== undefined) {
        void refresh();
      }
    },
  };
}

async function download(url: string, timeoutMs: number): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    headers: { accept: "application/json" },
    // The address is part of the configuration; where it points to is not for others to say.
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}`);
  }
  const text = await readText(response);
  const set = JSON.parse(text) as JSONWebKeySet;
  if (!Array.isArray(set?.keys) || set.keys.length === 0) {
    throw new Error(`${url} has no keys`);
  }
  return set;
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > bodyBytesMax) {
      throw new Error(`${response.url} sent more than ${bodyBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

import type { ConnectError } from "@connectrpc/connect";

const mark = Symbol("upstream");

/**
 * Marks an error as the answer of a service that we called. A handler may let it through: our own client then gets its
 * code and details, but not the upstream's headers.
 */
export function markUpstreamError(error: ConnectError): ConnectError {
  return Object.assign(error, { [mark]: true });
}

export function isUpstreamError(error: unknown): error is ConnectError {
  return typeof error === "object" && error !== null && mark in error;
}

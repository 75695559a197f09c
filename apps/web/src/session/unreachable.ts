import { Code, ConnectError } from "@connectrpc/connect";

/**
 * A call that did not arrive, as an error that says so. Browsers throw a TypeError with words of their own for it.
 *
 * @returns undefined for any other error.
 */
export function unreachableOf(error: unknown): ConnectError | undefined {
  const cause = error instanceof ConnectError ? error.cause : error;
  const isTimeout = cause instanceof DOMException && cause.name === "TimeoutError";
  return cause instanceof TypeError || isTimeout
    ? new ConnectError(
        "The gateway cannot be reached. Check the connection and try again: nothing is lost.",
        Code.Unavailable,
        undefined,
        undefined,
        cause,
      )
    : undefined;
}

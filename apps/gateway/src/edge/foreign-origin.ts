import type { IncomingMessage } from "node:http";

/**
 * Whether a browser sends this for a page of another origin that is not allowed to. What browsers ask first (see cors.ts)
 * need not look here; they do not ask before they open a WebSocket, nor before they send a plain POST.
 *
 * @param allowed exact origins; the gateway's own pages always are.
 */
export function isFromForeignPage(
  { headers }: Pick<IncomingMessage, "headers">,
  allowed: ReadonlySet<string>,
): boolean {
  const { origin, host } = headers;
  if (origin === undefined || allowed.has(origin)) {
    return false;
  }
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

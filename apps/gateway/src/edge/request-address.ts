import type { IncomingMessage } from "node:http";

/** The path and the query of a request, neither of them decoded. */
export function splitAddress({ url = "" }: Pick<IncomingMessage, "url">): { path: string; query: string } {
  const start = url.indexOf("?");
  return start === -1 ? { path: url, query: "" } : { path: url.slice(0, start), query: url.slice(start + 1) };
}

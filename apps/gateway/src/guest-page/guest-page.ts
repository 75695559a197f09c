import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { GatewayRoute } from "../exchange.ts";
import type { Route } from "../rest/route-table.ts";

/** The page lies where the links of QR codes lead, for every code alike; its other files in a folder beside it. */
const files = [
  { path: "/t/{code}", name: "guest-page.html", contentType: "text/html; charset=utf-8" },
  { path: "/guest-page/guest-page.css", name: "guest-page.css", contentType: "text/css; charset=utf-8" },
  { path: "/guest-page/guest-page.js", name: "guest-page.js", contentType: "text/javascript; charset=utf-8" },
] as const;

/** What it shows, guests have written: nothing but its own files runs, and nothing is sent elsewhere. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "cache-control": "no-store",
  "content-security-policy": contentSecurityPolicy,
  "referrer-policy": "no-referrer",
};

/**
 * The routes of the page on which guests join a table and order. Nothing is looked up: whether there is a session with a
 * code, only JoinSession says, which counts tries.
 *
 * @throws Error if a file is missing.
 */
export async function guestPageRoutes(): Promise<Route<GatewayRoute>[]> {
  const folder = findFolder();
  return await Promise.all(
    files.map(async ({ path, name, contentType }) => {
      const answer = {
        status: 200,
        contentType,
        body: await readFile(new URL(name, folder), "utf8"),
        headers,
      };
      return { method: "GET", path, target: { recorded: false, answer: async () => answer } };
    }),
  );
}

/** Beside a built program they lie in its folder `guest-page`. */
function findFolder(): URL {
  const built = new URL("./guest-page/", import.meta.url);
  return existsSync(built) ? built : new URL("./", import.meta.url);
}

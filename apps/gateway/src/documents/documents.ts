import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { GatewayRoute } from "../exchange.ts";
import type { Route } from "../rest/route-table.ts";

/** The files of the documentation, and what they are. Beside a built program they lie in its folder `documents`. */
const files: Readonly<
  Record<string, { readonly contentType: string; readonly source: (folders: Folders) => URL }>
> = {
  "/openapi.json": {
    contentType: "application/json",
    source: ({ contracts }) => new URL("openapi.json", contracts),
  },
  "/asyncapi.json": {
    contentType: "application/json",
    source: ({ contracts }) => new URL("asyncapi.json", contracts),
  },
  "/documentation/swagger-ui.css": {
    contentType: "text/css; charset=utf-8",
    source: ({ swaggerUi }) => new URL("swagger-ui.css", swaggerUi),
  },
  "/documentation/swagger-ui-bundle.js": {
    contentType: "text/javascript; charset=utf-8",
    source: ({ swaggerUi }) => new URL("swagger-ui-bundle.js", swaggerUi),
  },
};

interface Folders {
  readonly contracts: URL;
  readonly swaggerUi: URL;
}

/**
 * Scripts and styles come from here only, and requests go nowhere else. Swagger UI sets styles on its elements, for
 * which browsers ask for permission.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Ordermesh</title>
    <link rel="stylesheet" href="/documentation/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/documentation/swagger-ui-bundle.js"></script>
    <script src="/documentation/start.js"></script>
  </body>
</html>
`;

const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
`;

/**
 * The routes of the documents and of the page that shows them. All of it is served from here: the page works without
 * the internet.
 *
 * @throws Error if a file is missing.
 */
export async function documentRoutes(): Promise<Route<GatewayRoute>[]> {
  const folders = findFolders();
  const read = Object.entries(files).map(async ([path, { contentType, source }]) =>
    routeOf(path, contentType, await readFile(source(folders), "utf8")),
  );
  return [
    ...(await Promise.all(read)),
    routeOf("/documentation", "text/html; charset=utf-8", page),
    routeOf("/documentation/start.js", "text/javascript; charset=utf-8", start),
  ];
}

function findFolders(): Folders {
  const built = new URL("./documents/", import.meta.url);
  if (existsSync(built)) {
    return { contracts: built, swaggerUi: built };
  }
  const swaggerUi = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
  return {
    contracts: new URL("../../../../proto/gen/", import.meta.url),
    swaggerUi: pathToFileURL(`${dirname(swaggerUi)}/`),
  };
}

function routeOf(path: string, contentType: string, body: string): Route<GatewayRoute> {
  const answer = {
    status: 200,
    contentType,
    body,
    headers: { "cache-control": "public, max-age=300", "content-security-policy": contentSecurityPolicy },
  };
  return { method: "GET", path, target: { recorded: false, answer: async () => answer } };
}

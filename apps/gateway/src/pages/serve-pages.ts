import type { IncomingMessage, ServerResponse } from "node:http";
import type { Encoding, PageFile } from "./page-files.ts";
import { pageHeaders } from "./page-headers.ts";

/** The web application: its files, and itself for every address of it. */
export interface Pages {
  /**
   * Answers if the path is a file of the pages, or one that the application shows itself.
   *
   * @param isKnown whether a route has this path: then only a file is meant.
   * @returns false if it has not answered.
   */
  serve(request: IncomingMessage, response: ServerResponse, path: string, isKnown: boolean): Promise<boolean>;
}

/** Paths that programs call. What is not there is an error for them, and no page. */
const notForPages = /^\/((v1|auth|documentation|assets|ws)(\/|$)|api\/|ordermesh\.|grpc\.)/;

const notBuilt = `The pages are not built here. In a checkout \`npm run build\` makes them, and \`npm start\` does so by itself.
Everything else works: /documentation shows the API.
`;

/** Says where there should be a page that there is none. */
export const noPages: Pages = {
  async serve(request, response, path, isKnown) {
    const isWanted = isRead(request) && !isKnown && isOfApplication(path, request.headers.accept);
    if (isWanted) {
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
      response.end(request.method === "HEAD" ? undefined : notBuilt);
    }
    return isWanted;
  },
};

function isRead({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether the application shows this address itself. Its start is for everybody, whatever they take. */
function isOfApplication(path: string, accept = ""): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return path === "/" || (accept.includes("text/html") && !name.includes(".") && !notForPages.test(path));
}

export function createPages(files: ReadonlyMap<string, PageFile>): Pages {
  const start = files.get("/index.html");

  function find(path: string, accept: string | undefined, isKnown: boolean): PageFile | undefined {
    const file = files.get(path);
    return file !== undefined || isKnown ? file : isOfApplication(path, accept) ? start : undefined;
  }

  return {
    async serve(request, response, path, isKnown) {
      const { method, headers } = request;
      const file = isRead(request) ? find(path, headers.accept, isKnown) : undefined;
      if (file === undefined) {
        return false;
      }
      const encoding = chooseEncoding(file, `${headers["accept-encoding"] ?? ""}`);
      const etag = `"${file.etag}-${encoding}"`;
      response.appendHeader("vary", "Accept-Encoding");
      const common = {
        ...pageHeaders,
        etag,
        "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
      };
      if (headers["if-none-match"]?.split(/, */).includes(etag)) {
        response.writeHead(304, common).end();
        return true;
      }
      const body = await file.bodyIn(encoding);
      response.writeHead(200, {
        ...common,
        "content-type": file.contentType,
        "content-length": body.length,
        ...(encoding !== "identity" && { "content-encoding": encoding }),
      });
      response.end(method === "HEAD" ? undefined : body);
      return true;
    },
  };
}

function chooseEncoding({ isCompressible }: PageFile, accepted: string): Encoding {
  const names = accepted.split(",").map((part) => part.trim());
  // "br;q=0" refuses it, and is no more than a name that we do not know.
  return !isCompressible
    ? "identity"
    : names.includes("br")
      ? "br"
      : names.includes("gzip")
        ? "gzip"
        : "identity";
}

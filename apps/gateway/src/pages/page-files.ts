import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** One file of the pages, in memory. */
export interface PageFile {
  readonly contentType: string;
  /** Its name changes with its content, so that it can be kept for ever. */
  readonly isImmutable: boolean;
  readonly etag: string;
  /** As it is, or compressed where that makes it smaller. */
  bodyIn(encoding: Encoding): Promise<Buffer>;
  readonly isCompressible: boolean;
}

export type Encoding = "br" | "gzip" | "identity";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

const compressible = /^text\/|json|svg/;

/** Below this a compressed file is hardly smaller. */
const compressedFromBytes = 1_024;

/**
 * Reads all files of a folder, by their paths under "/". They are some hundred, of a few hundred kilobytes each at most.
 *
 * @returns undefined if there is no such folder.
 */
export async function readPageFiles(folder: string): Promise<Map<string, PageFile> | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        return undefined;
      }
      throw error;
    },
  );
  if (entries === undefined) {
    return undefined;
  }
  const files = entries
    .filter((entry) => entry.isFile() && contentTypes[extname(entry.name)] !== undefined)
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const address = `/${relative(folder, path).split(sep).join("/")}`;
      return [address, pageFile(address, await readFile(path))] as const;
    });
  return new Map(await Promise.all(files));
}

function pageFile(address: string, body: Buffer): PageFile {
  const contentType = contentTypes[extname(address)] ?? "application/octet-stream";
  const isCompressible = compressible.test(contentType) && body.length >= compressedFromBytes;
  const compressed = new Map<Encoding, Promise<Buffer>>([["identity", Promise.resolve(body)]]);
  return {
    contentType,
    isImmutable: /^\/assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(address),
    etag: createHash("sha256").update(body).digest("base64url").slice(0, 27),
    isCompressible,
    bodyIn(encoding) {
      const known = compressed.get(encoding) ?? compress(body, encoding);
      compressed.set(encoding, known);
      return known;
    },
  };
}

/** Once for each file and encoding: on the first request, because nobody may ever ask. */
function compress(body: Buffer, encoding: Encoding): Promise<Buffer> {
  return encoding === "br"
    ? promisify(brotliCompress)(body, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
      })
    : promisify(gzip)(body, { level: 9 });
}

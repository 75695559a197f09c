import { fileURLToPath } from "node:url";
import type { Logger } from "@ordermesh/telemetry/logger";
import { readPageFiles } from "./page-files.ts";
import { createPages, noPages, type Pages } from "./serve-pages.ts";

/** Beside the built program, and where it would lie for one that runs from its sources. */
const folders = ["./web/", "../../dist/web/"];

/** The web application, as it was built. Without it there are no pages, and everything else works. */
export async function openPages(logger: Logger): Promise<Pages> {
  for (const folder of folders) {
    const files = await readPageFiles(fileURLToPath(new URL(folder, import.meta.url)));
    if (files?.has("/index.html")) {
      return createPages(files);
    }
  }
  logger.warn("the pages are not built: / shows nothing. `npm run build` makes them");
  return noPages;
}

import { authorize } from "./authorize.ts";
import { createOverGrpc } from "./create-over-grpc.ts";
import { eventLatency } from "./event-latency.ts";
import { gateway } from "./gateway.ts";
import { growth } from "./growth.ts";
import { insideLoms } from "./inside-loms.ts";
import { type DatabaseServer, startDatabaseServer } from "./installation.ts";
import { purchasePath } from "./purchase-path.ts";
import { relayDrain } from "./relay-drain.ts";
import type { Section } from "./report.ts";
import type { Sizes } from "./sizes.ts";
import { tableWatchers } from "./table-watchers.ts";
import { workflows } from "./workflows.ts";

const sections: Readonly<Record<string, (server: DatabaseServer, sizes: Sizes) => Promise<Section>>> = {
  "create-over-grpc": createOverGrpc,
  "inside-loms": insideLoms,
  "purchase-path": purchasePath,
  "event-latency": eventLatency,
  "relay-drain": relayDrain,
  authorize,
  gateway,
  growth,
  workflows,
  "table-watchers": tableWatchers,
};

export const sectionNames: readonly string[] = Object.keys(sections);

/**
 * Runs the sections one after another on one database server.
 *
 * @param names which of them; all if empty.
 */
export async function runBench(options: {
  readonly names: readonly string[];
  readonly sizes: Sizes;
  readonly onProgress: (text: string) => void;
  /** Told of each as soon as it is there, so that a later one that fails takes nothing with it. */
  readonly onSection?: (section: Section) => void;
}): Promise<Section[]> {
  const { names, sizes, onProgress, onSection } = options;
  const server = await startDatabaseServer();
  const results: Section[] = [];
  try {
    for (const [name, run] of Object.entries(sections)) {
      if (names.length === 0 || names.includes(name)) {
        onProgress(name);
        const section = await run(server, sizes);
        results.push(section);
        onSection?.(section);
      }
    }
  } finally {
    await server.stop();
  }
  return results;
}

import { join } from "node:path";
import { claimFile } from "@ordermesh/embedded/claim";
import { Failure } from "@ordermesh/failure/failure";
import {
  type DataFolder,
  explainUnwritable,
  makeRunFolder,
  openDataFolder,
  wipeDataFolder,
} from "./data-folder.ts";
import { stopLeftovers } from "./leftovers.ts";

const claimName = "up.json";

/** The file that names the process which runs a mesh on a data folder. */
export function claimFileOf(runDirectory: string): string {
  return join(runDirectory, claimName);
}

/**
 * Takes a data folder for this process: nobody else runs a mesh on it, and no killed one has left programs running.
 *
 * @param options.fresh removes all data first.
 * @throws Failure when another process has it, or it cannot be used.
 */
export async function claimDataFolder(options: {
  readonly dataDirectory: string;
  readonly fresh: boolean;
  readonly onProgress: (text: string) => void;
}): Promise<{ folder: DataFolder; release: () => Promise<void> }> {
  const { dataDirectory, fresh, onProgress } = options;
  const folder = await makeRunFolder(dataDirectory);
  const claim = await explainUnwritable(dataDirectory, () => claimFile(claimFileOf(folder.run)));
  if (claim.kind === "held") {
    const { pid } = claim.holder;
    throw new Failure(
      "failed_precondition",
      `Process ${pid} already runs an Ordermesh on ${dataDirectory}: stop it first, with Ctrl-C or \`kill ${pid}\`.`,
      { reason: "ALREADY_RUNNING" },
    );
  }
  try {
    await stopLeftovers(folder.run, onProgress);
    if (fresh) {
      onProgress(`removing the data in ${dataDirectory}`);
      await wipeDataFolder(dataDirectory);
    }
    await openDataFolder(dataDirectory);
    return { folder, release: claim.release };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

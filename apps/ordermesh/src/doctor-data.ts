import { access, constants, mkdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { findHolder } from "@ordermesh/embedded/claim";
import { locateDataDirectory, readDataVersion } from "@ordermesh/embedded/data-directory";
import { claimFileOf } from "./claim-data-folder.ts";
import { dataVersion, partsOfDataFolder, readFolderVersion } from "./data-folder.ts";
import type { Finding } from "./doctor.ts";
import { describeError } from "./exit-codes.ts";
import { findNotedProcesses } from "./leftovers.ts";

export async function checkWritable(dataDirectory: string): Promise<Finding[]> {
  const subject = "data folder";
  try {
    await mkdir(dataDirectory, { recursive: true });
    await access(dataDirectory, constants.W_OK);
    return [{ subject, state: "ok", detail: dataDirectory }];
  } catch {
    return [
      {
        subject,
        state: "problem",
        detail: `${dataDirectory} cannot be written`,
        advice: "run as its owner, or name another folder with ORDERMESH_DATA_DIRECTORY",
      },
    ];
  }
}

const mebibyte = 1024 * 1024;
const scarceBytes = 1024 * mebibyte;
const tooLittleBytes = 200 * mebibyte;

export async function checkDisk(dataDirectory: string): Promise<Finding[]> {
  const subject = "free disk space";
  const { bavail, bsize } = await statfs(await existingFolder(dataDirectory));
  const freeBytes = bavail * bsize;
  const detail = `${Math.round(freeBytes / mebibyte)} MiB beside ${dataDirectory}`;
  const advice = "make room, or name a folder on another disk with ORDERMESH_DATA_DIRECTORY";
  if (freeBytes < tooLittleBytes) {
    return [{ subject, state: "problem", detail, advice }];
  }
  return [
    freeBytes < scarceBytes ? { subject, state: "note", detail, advice } : { subject, state: "ok", detail },
  ];
}

async function existingFolder(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => path === dirname(path),
  );
  return isThere ? path : existingFolder(dirname(path));
}

/** Whether this checkout can read what is in the data folder. */
export async function checkData(dataDirectory: string): Promise<Finding[]> {
  const subject = "data version";
  const fresh = "`npm start -- --fresh` removes the data and starts empty";
  try {
    const version = await readFolderVersion(dataDirectory);
    if (version === undefined) {
      return [{ subject, state: "ok", detail: "no data yet" }];
    }
    if (version !== dataVersion) {
      const detail = `${version}, and this checkout reads ${dataVersion}`;
      return [{ subject, state: "problem", detail, advice: `use the checkout that made them; ${fresh}` }];
    }
    const located = await locateDataDirectory(partsOfDataFolder(dataDirectory).postgres);
    const postgresVersion = await readDataVersion(located);
    const postgres =
      postgresVersion === undefined ? "no database yet" : `PostgreSQL ${postgresVersion} in ${located}`;
    return [{ subject, state: "ok", detail: `${version}, ${postgres}` }];
  } catch (error) {
    return [{ subject, state: "problem", detail: describeError(error), advice: "see there" }];
  }
}

/** Programs that were left running by an `up` that was killed. */
export async function checkLeftovers(dataDirectory: string): Promise<Finding[]> {
  const subject = "running programs";
  const { run } = partsOfDataFolder(dataDirectory);
  const [holder, noted] = await Promise.all([findHolder(claimFileOf(run)), findNotedProcesses(run)]);
  const list = noted.map(({ name, identity }) => `${name} (process ${identity.pid})`).join(", ");
  if (holder !== undefined) {
    return [{ subject, state: "ok", detail: `process ${holder.pid} runs ${list || "nothing yet"}` }];
  }
  if (noted.length === 0) {
    return [{ subject, state: "ok", detail: "none" }];
  }
  return [
    {
      subject,
      state: "problem",
      detail: `left running by an \`up\` that was killed: ${list}`,
      advice: "the next `npm start` stops them; or end them with `kill`",
    },
  ];
}

import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeDataDirectory } from "@ordermesh/embedded/embedded-postgres";
import { identifyProcess } from "@ordermesh/embedded/process-identity";
import { Failure } from "@ordermesh/failure/failure";

/** Where a mesh on this machine keeps things. */
export interface DataFolder {
  readonly postgres: string;
  readonly kafka: string;
  /** Private keys, for the owner of the folder only. */
  readonly keys: string;
  /** Notes about running processes, and a copy of programs where one is needed: nothing that is missed. */
  readonly run: string;
}

export function partsOfDataFolder(dataDirectory: string): DataFolder {
  return {
    postgres: join(dataDirectory, "postgres"),
    kafka: join(dataDirectory, "kafka"),
    keys: join(dataDirectory, "keys"),
    run: join(dataDirectory, "run"),
  };
}

/** Goes up when what lies in the folder changes so that an older or newer checkout cannot read it. */
export const dataVersion = 1;

/** Says that a folder is ours, so that `--fresh` never empties a folder that only happens to look like it. */
const markerOf = (dataDirectory: string) => join(dataDirectory, "ordermesh.json");

/**
 * The version of the data in a folder; undefined when it holds none.
 *
 * @throws Failure when there are data without our mark.
 */
export async function readFolderVersion(dataDirectory: string): Promise<number | undefined> {
  const text = await readFile(markerOf(dataDirectory), "utf8").catch(() => undefined);
  if (text !== undefined) {
    return Number(/"version":\s*(\d+)/.exec(text)?.[1] ?? Number.NaN);
  }
  const { postgres, kafka, keys } = partsOfDataFolder(dataDirectory);
  for (const part of [postgres, kafka, keys]) {
    if (await exists(part)) {
      throw new Failure(
        "failed_precondition",
        `${part} exists but ${dataDirectory} was not made by Ordermesh: move it away, or name another folder with ` +
          "ORDERMESH_DATA_DIRECTORY.",
        { reason: "DATA_FOLDER_FOREIGN" },
      );
    }
  }
  return undefined;
}

/** Makes the folder for notes about running processes: the first thing that is needed. */
export async function makeRunFolder(dataDirectory: string): Promise<DataFolder> {
  const parts = partsOfDataFolder(dataDirectory);
  await explainUnwritable(dataDirectory, () => mkdir(parts.run, { recursive: true }));
  return parts;
}

/**
 * Marks a new folder as ours, or checks that we can use the data that are there.
 *
 * @throws Failure when they are not ours, of another version, or the folder cannot be written.
 */
export async function openDataFolder(dataDirectory: string): Promise<void> {
  const version = await readFolderVersion(dataDirectory);
  if (version === undefined) {
    const mark = `${JSON.stringify({ version: dataVersion })}\n`;
    await explainUnwritable(dataDirectory, () => writeFile(markerOf(dataDirectory), mark));
  } else if (version !== dataVersion) {
    throw new Failure(
      "failed_precondition",
      `The data in ${dataDirectory} have version ${version}, and this checkout reads version ${dataVersion}: use the ` +
        "checkout that made them, or start with --fresh to remove them.",
      { reason: "DATA_FOLDER_VERSION" },
    );
  }
}

/** Does something that writes into the folder, and says in one sentence when we are not allowed to. */
export async function explainUnwritable<Result>(
  dataDirectory: string,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      throw error;
    }
    throw new Failure(
      "failed_precondition",
      `The data folder ${dataDirectory} cannot be written: start as its owner, or name another folder with ` +
        "ORDERMESH_DATA_DIRECTORY.",
      { reason: "DATA_FOLDER_NOT_WRITABLE", cause: error },
    );
  }
}

/**
 * Removes the data of databases and broker, and the keys. Only for whoever has made sure that no `up` runs on the folder.
 *
 * @throws Failure when the folder is not ours, or something else runs from it.
 */
export async function wipeDataFolder(dataDirectory: string): Promise<void> {
  await readFolderVersion(dataDirectory);
  const { postgres, kafka, keys } = partsOfDataFolder(dataDirectory);
  const pid = await findBrokerOn(kafka);
  if (pid !== undefined) {
    throw new Failure(
      "failed_precondition",
      `${kafka} is in use by process ${pid}: stop it before you remove the data.`,
      { reason: "DATA_DIRECTORY_IN_USE" },
    );
  }
  await removeDataDirectory(postgres);
  await rm(kafka, { recursive: true, force: true });
  await rm(keys, { recursive: true, force: true });
  await rm(markerOf(dataDirectory), { force: true });
}

/** A broker that somebody has started by hand on our folder. It writes its number into the folder. */
async function findBrokerOn(kafka: string): Promise<number | undefined> {
  const text = await readFile(join(kafka, "owner.json"), "utf8").catch(() => "");
  const pid = Number(/"pid":\s*(\d+)/.exec(text)?.[1] ?? 0);
  const identity = await identifyProcess(pid);
  return identity?.command.includes("devkafka") === true ? pid : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

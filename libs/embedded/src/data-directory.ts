import { spawn } from "node:child_process";
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "@ordermesh/failure/failure";
import { withTimeout } from "@ordermesh/process/wait";
import { type Account, chooseAccount, reachablePlace } from "./account.ts";
import { type Binaries, unsupportedPlatform } from "./binaries.ts";

/** The one user of an embedded server, and its password. It listens on 127.0.0.1 only. */
export const user = "ordermesh";
export const password = "ordermesh";

const initdbTimeoutMs = 120_000;

/**
 * Where the data of a wanted folder really lie: there, or in a folder of the system when we are root and the account
 * that PostgreSQL needs then cannot enter the wanted one.
 */
export async function locateDataDirectory(wanted: string): Promise<string> {
  return reachablePlace(wanted, await chooseAccount(wanted));
}

/** The PostgreSQL version that made a data folder, such as "18", or undefined where there is none. */
export async function readDataVersion(dataDirectory: string): Promise<string | undefined> {
  const text = await readFile(join(dataDirectory, "PG_VERSION"), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EACCES") {
        throw new Failure(
          "failed_precondition",
          `The data folder ${dataDirectory} belongs to another user: start as that user, or remove the folder.`,
          { reason: "DATA_DIRECTORY_NOT_OURS", cause: error },
        );
      }
      return undefined;
    },
  );
  return text?.trim();
}

/**
 * Looks whether this release can open a data folder.
 *
 * @throws Failure when the folder is of another release, damaged, or holds something else.
 */
export async function checkDataDirectory(
  dataDirectory: string,
  binaries: Binaries,
): Promise<"usable" | "missing"> {
  const version = await readDataVersion(dataDirectory);
  if (version === undefined) {
    const entries = await readdir(dataDirectory).catch(() => []);
    if (entries.length === 0) {
      return "missing";
    }
    throw new Failure(
      "failed_precondition",
      `The data folder ${dataDirectory} holds files but no PostgreSQL data: remove it, or name another folder.`,
      { reason: "DATA_DIRECTORY_FOREIGN" },
    );
  }
  if (version !== binaries.majorVersion) {
    throw new Failure(
      "failed_precondition",
      `The data folder ${dataDirectory} was made by PostgreSQL ${version}, and this is ${binaries.majorVersion}: ` +
        "move the folder away, or remove it to start empty.",
      { reason: "DATA_DIRECTORY_VERSION" },
    );
  }
  const control = await stat(join(dataDirectory, "global", "pg_control")).catch(() => undefined);
  if (control === undefined) {
    throw damagedDataDirectory(dataDirectory, "its file global/pg_control is missing");
  }
  return "usable";
}

/** The one sentence for a data folder that cannot be opened. */
export function damagedDataDirectory(dataDirectory: string, why: string): Failure {
  return new Failure(
    "failed_precondition",
    `PostgreSQL cannot use the data folder ${dataDirectory} (${why}): restore it, or remove it to start empty.`,
    { reason: "DATA_DIRECTORY_DAMAGED" },
  );
}

/**
 * Runs initdb in a folder beside the wanted one and moves the result into place, so that a data folder is either
 * whole or not there. A file-system sync is left out (it takes as long as the rest on a slow disk): until the system
 * has written its buffers, about half a minute, a power cut may damage the new and still empty database.
 */
export async function createDataDirectory(
  dataDirectory: string,
  account: Account | undefined,
  binaries: Binaries,
): Promise<void> {
  const unfinished = `${dataDirectory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true, maxRetries: 5 });
  const [data, passwordFile] = [join(unfinished, "data"), join(unfinished, "password")];
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account !== undefined) {
      await Promise.all(
        [unfinished, data, passwordFile].map((path) => chown(path, account.uid, account.gid)),
      );
    }
    await runInitdb(initdbArguments(data, passwordFile), account, binaries);
    await rename(data, dataDirectory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

function initdbArguments(data: string, passwordFile: string): string[] {
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const access = [`--username=${user}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  return [`--pgdata=${data}`, ...locale, ...access, "--no-sync", "--no-instructions"];
}

async function runInitdb(
  initdbOptions: string[],
  account: Account | undefined,
  binaries: Binaries,
): Promise<void> {
  const child = spawn(binaries.initdb, initdbOptions, spawnOptions(account));
  const output: string[] = [];
  child.stdout.on("data", (chunk) => output.push(String(chunk)));
  child.stderr.on("data", (chunk) => output.push(String(chunk)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(cannotRun(binaries.initdb, error)));
    child.once("close", resolve);
  });
  const late = () =>
    new Failure(
      "deadline_exceeded",
      `initdb did not finish within ${initdbTimeoutMs / 1000} s: is the disk very slow?`,
      {
        reason: "INITDB_TIMEOUT",
      },
    );
  try {
    const code = await withTimeout(ended, initdbTimeoutMs, late);
    if (code !== 0) {
      throw initdbFailure(code, output.join(""));
    }
  } finally {
    child.kill("SIGKILL");
  }
}

function initdbFailure(code: number | null, output: string): Failure {
  if (code === 127 || /error while loading shared libraries|GLIBC/.test(output)) {
    return unsupportedPlatform("its programs cannot be loaded", new Error(output));
  }
  const line =
    output.split("\n").find((text) => /error|fatal|could not/i.test(text)) ?? `initdb ended with ${code}`;
  return new Failure("internal", `PostgreSQL could not make its data folder: ${line.trim()}.`, {
    reason: "INITDB_FAILED",
    cause: new Error(output),
  });
}

/** A musl system answers "no such file" for a program that is there, because its loader is not. */
export function cannotRun(program: string, error: Error): Failure {
  return unsupportedPlatform(`${program} does not run: ${error.message}`, error);
}

/** How PostgreSQL's programs are run: with their own small environment, because ours may hold secrets. */
export function spawnOptions(account: Account | undefined) {
  return {
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group: Ctrl-C reaches the whole group of a terminal, and the database has to outlive the
    // services that are draining.
    detached: true,
  } satisfies import("node:child_process").SpawnOptionsWithStdioTuple<"ignore", "pipe", "pipe">;
}

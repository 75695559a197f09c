import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

type WithWorkspaceLock = <Result>(
  work: () => Promise<Result>,
  options: { folder: string; silentMs?: number },
) => Promise<Result>;
const { withWorkspaceLock }: { withWorkspaceLock: WithWorkspaceLock } = await import(
  new URL("workspace-lock.mjs", import.meta.url).href
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ordermesh lock "));
});
afterEach(() => rm(folder, { recursive: true }));

test("one at a time, and the lock goes with its holder", async () => {
  let inside = 0;
  let highest = 0;
  const work = async () => {
    inside += 1;
    highest = Math.max(highest, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withWorkspaceLock(work, { folder })));
  expect(highest).toBe(1);
  await expect(access(join(folder, "lock"))).rejects.toThrow(/ENOENT/);
});

test("work that fails releases the lock", async () => {
  const fail = () => Promise.reject(new Error("no"));
  await expect(withWorkspaceLock(fail, { folder })).rejects.toThrow("no");
  expect(await withWorkspaceLock(async () => "yes", { folder })).toBe("yes");
});

test("a lock of a process that is gone does not stand in the way", async () => {
  await writeFile(join(folder, "lock"), String(2 ** 22 + 1));
  expect(await withWorkspaceLock(async () => "yes", { folder })).toBe("yes");
});

test("nor does one whose number means another process by now, once it has been silent for long enough", async () => {
  // The process that runs this test lives, but has never touched this file.
  await writeFile(join(folder, "lock"), String(process.ppid));
  expect(await withWorkspaceLock(async () => "yes", { folder, silentMs: 50 })).toBe("yes");
});

import { spawn } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeDataDirectory, startEmbeddedPostgres } from "@ordermesh/embedded/embedded-postgres";
import { identifyProcess, isSameProcess } from "@ordermesh/embedded/process-identity";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ended, makeScratchFolder, nextLine, runScript } from "./scratch.ts";

let scratch: Awaited<ReturnType<typeof makeScratchFolder>>;
beforeEach(async () => {
  scratch = await makeScratchFolder();
});
afterEach(() => scratch.remove());

const start = (settings: Record<string, string>) =>
  startEmbeddedPostgres({
    dataDirectory: join(scratch.path, "data"),
    runDirectory: join(scratch.path, "run"),
    port: 0,
    settings,
  });

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(scratch.path, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
}

/** A server whose parent, with its whole process group, got Ctrl-C and then kill -9. */
async function leaveServerBehind(): Promise<{ pid: number; port: number }> {
  const parent = runScript("start-and-wait.script.ts", [
    join(scratch.path, "data"),
    join(scratch.path, "run"),
  ]);
  const port = Number(await nextLine(parent));
  process.kill(-parent.pid!, "SIGINT");
  process.kill(-parent.pid!, "SIGKILL");
  await ended(parent);
  return { pid: await postmasterPid(), port };
}

test("takes over a server that outlived its killed parent, and stops it", async () => {
  const left = await leaveServerBehind();
  const identity = await identifyProcess(left.pid);
  const server = await start({ fsync: "off" });
  expect(server).toMatchObject({ adopted: true, port: left.port });
  expect(await isSameProcess(identity!)).toBe(true);
  await server.stop();
  await server.exited;
  expect(await isSameProcess(identity!)).toBe(false);
});

test("replaces such a server when it runs with other settings", async () => {
  const left = await leaveServerBehind();
  const identity = await identifyProcess(left.pid);
  const server = await start({ fsync: "off", work_mem: "8MB" });
  expect(server.adopted).toBe(false);
  expect(await isSameProcess(identity!)).toBe(false);
  await server.stop();
});

test("notices when a server that it took over is killed", async () => {
  await leaveServerBehind();
  const server = await start({ fsync: "off" });
  expect(server.adopted).toBe(true);
  server.kill();
  expect(await server.exited).toMatchObject({ code: null });
  await server.stop();
});

test("removing a data folder stops a server that was left behind, but not one that somebody uses", async () => {
  const left = await leaveServerBehind();
  const identity = await identifyProcess(left.pid);
  await removeDataDirectory(join(scratch.path, "data"));
  expect(await isSameProcess(identity!)).toBe(false);
  expect(await readdir(scratch.path)).toEqual([]);

  const server = await start({ fsync: "off" });
  await expect(removeDataDirectory(join(scratch.path, "data"))).rejects.toMatchObject({
    reason: "DATA_DIRECTORY_IN_USE",
  });
  expect(await readdir(scratch.path)).toContain("data");
  await server.stop();
});

test("refuses a data folder that a living process is responsible for", async () => {
  const server = await start({ fsync: "off" });
  await expect(start({ fsync: "off" })).rejects.toMatchObject({
    reason: "DATA_DIRECTORY_IN_USE",
    message: expect.stringContaining(String(process.pid)),
  });
  await server.stop();
});

test("a stale postmaster.pid whose number now means another process does not stand in the way", async () => {
  const first = await start({ fsync: "off" });
  const pidFile = join(scratch.path, "data", "postmaster.pid");
  const content = await readFile(pidFile, "utf8");
  await first.stop();
  const { uid, gid } = await stat(join(scratch.path, "data"));
  const account = process.getuid?.() === 0 ? { uid, gid } : {};
  const bystander = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], account);
  await writeFile(pidFile, content.replace(/^\d+/, String(bystander.pid)));

  const second = await start({ fsync: "off" });
  expect(second.adopted).toBe(false);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  await second.stop();
  bystander.kill("SIGKILL");
  await ended(bystander);
});

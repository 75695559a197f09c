import { spawn } from "node:child_process";
import type { Service } from "@ordermesh/ordermesh/programs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  makeStandInMesh,
  running,
  runScript,
  type StandInMesh,
  scriptArguments,
  watch,
} from "./stand-in-mesh.ts";

let standIns: StandInMesh;
beforeEach(async () => {
  standIns = await makeStandInMesh();
});
afterEach(() => standIns.remove());

/** Starts `up` as a program of its own and waits until it says that it is ready. */
async function up(services: readonly Service[], commandArguments: readonly string[] = ["--json"]) {
  const map = JSON.stringify({ services, broker: standIns.broker });
  const environment = standIns.environment(services, { PROGRAM_MAP: map });
  const child = runScript("up.script.ts", ["up", ...commandArguments], environment);
  const watched = watch(child);
  await vi.waitUntil(() => /ready in \d+ ms/.test(watched.output()) || child.exitCode !== null, {
    timeout: 30_000,
  });
  expect(watched.output()).toMatch(/ready in \d+ ms/);
  return { child, ...watched };
}

async function pidsOf(event: string): Promise<number[]> {
  const lines = await standIns.log();
  return lines.filter((line) => line.startsWith(event)).map((line) => Number(line.split(" ")[2]));
}

test("Ctrl-C in a terminal, which npm sends a second time, stops each program once and ends with 0", async () => {
  const { child, ended, output } = await up([
    await standIns.service("alpha"),
    await standIns.service("beta"),
  ]);
  process.kill(-child.pid!, "SIGINT");
  process.kill(child.pid!, "SIGINT");
  expect(await ended).toBe(0);
  const log = (await standIns.log()).map((line) => line.split(" ")[0]);
  expect(log.filter((event) => event === "asked")).toHaveLength(3);
  // The terminal's signal goes to the group, and the programs are not in it.
  expect(log).not.toContain("interrupted");
  expect(await running(await pidsOf("started"))).toEqual([]);
  expect(output()).toContain('"msg":"ready in');
});

test("prints for a person: addresses and lines to paste", async () => {
  const { child, ended, output } = await up([await standIns.service("loms")], []);
  process.kill(child.pid!, "SIGTERM");
  expect(await ended).toBe(0);
  expect(output()).toMatch(/• broker is ready/);
  expect(output()).toMatch(/loms {5,}info {2}it listens/);
  expect(output()).toMatch(/grpcurl -plaintext .* 127\.0\.0\.1:\d+ ordermesh\.loms\.v1/);
  expect(output()).toMatch(/kcat -b 127\.0\.0\.1:\d+/);
  expect(output()).toMatch(/• stopped in \d/);
});

test("somebody who does not want to wait asks again, and then nothing is left running", async () => {
  const { child, ended } = await up([await standIns.service("alpha", { behavior: "stubborn" })]);
  const impatience = setInterval(() => child.kill("SIGINT"), 50);
  expect(await ended).toBe(1);
  clearInterval(impatience);
  const pids = await pidsOf("started");
  await vi.waitUntil(async () => (await running(pids)).length === 0, { timeout: 10_000 });
});

test("the next up ends what a killed one has left running", async () => {
  const services = [await standIns.service("alpha"), await standIns.service("beta")];
  const first = await up(services);
  first.child.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  const leftovers = await pidsOf("started");
  expect(await running(leftovers)).toHaveLength(3);

  const second = await up(services);
  expect(await running(leftovers)).toEqual([]);
  expect(second.output()).toMatch(/stopping alpha \(process \d+\), left running/);
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
});

test("under npm, the end of the shell between npm and us stops everything", async () => {
  const services = [await standIns.service("alpha")];
  const map = JSON.stringify({ services, broker: standIns.broker });
  const environment = standIns.environment(services, { PROGRAM_MAP: map, npm_command: "exec" });
  const shell = spawn(
    "sh",
    [
      "-c",
      `${[process.execPath, ...scriptArguments("up.script.ts"), "up"].map((part) => `"${part}"`).join(" ")}; true`,
    ],
    { env: environment, stdio: ["ignore", "pipe", "pipe"] },
  );
  const { ended, output } = watch(shell);
  await vi.waitUntil(() => /ready in \d+ ms/.test(output()), { timeout: 30_000 });
  const pids = await pidsOf("started");
  expect(pids).toHaveLength(2);
  shell.kill("SIGTERM");
  // Its pipes are open as long as the command that it started runs.
  expect(await ended).toBe("SIGTERM");
  expect(await running(pids)).toEqual([]);
  expect(output()).toMatch(/stopped in/);
});

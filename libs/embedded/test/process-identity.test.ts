import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  endProcess,
  identifyProcess,
  isSameProcess,
  parseIdentity,
} from "@ordermesh/embedded/process-identity";
import { expect, test } from "vitest";
import { ended } from "./scratch.ts";

test("knows a process again, and not another one of the same number", async () => {
  const self = await identifyProcess(process.pid);
  expect(self?.command).toContain("node");
  expect(await isSameProcess(self!)).toBe(true);
  expect(await isSameProcess({ ...self!, startedAt: "1" })).toBe(false);
  expect(await isSameProcess({ ...self!, command: "postgres" })).toBe(false);
  expect(parseIdentity(JSON.stringify(self))).toEqual(self);
  expect(parseIdentity("null")).toBeUndefined();
});

test("numbers that are no process are nobody", async () => {
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 22 + 1]) {
    expect(await identifyProcess(pid)).toBeUndefined();
  }
});

test("ends a process that ignores the polite signal", async () => {
  const stubborn = spawn(process.execPath, [
    "-e",
    "process.on('SIGTERM', () => {}); process.stdout.write('up'); setInterval(() => {}, 1000)",
  ]);
  await once(stubborn.stdout, "data");
  const identity = await identifyProcess(stubborn.pid!);
  const steps = [
    { signal: "SIGTERM", timeoutMs: 100 },
    { signal: "SIGKILL", timeoutMs: 10_000 },
  ] as const;
  expect(await endProcess(identity!, steps)).toBe(true);
  await ended(stubborn);
  expect(stubborn.signalCode).toBe("SIGKILL");
});

test("never signals a process that is not the one that was written down", async () => {
  const bystander = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const identity = await identifyProcess(bystander.pid!);
  const kill = [{ signal: "SIGKILL", timeoutMs: 1_000 }] as const;
  expect(await endProcess({ ...identity!, startedAt: "1" }, kill)).toBe(true);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  expect(await isSameProcess(identity!)).toBe(true);
  bystander.kill("SIGKILL");
  await ended(bystander);
});

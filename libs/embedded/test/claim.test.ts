import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimFile, findHolder } from "@ordermesh/embedded/claim";
import { identifyProcess } from "@ordermesh/embedded/process-identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ended, makeScratchFolder, runScript } from "./scratch.ts";

let scratch: Awaited<ReturnType<typeof makeScratchFolder>>;
beforeAll(async () => {
  scratch = await makeScratchFolder();
});
afterAll(() => scratch.remove());

test("a claim holds until it is released", async () => {
  const path = join(scratch.path, "held");
  const first = await claimFile(path);
  expect(first.kind).toBe("claimed");
  expect(await claimFile(path)).toMatchObject({ kind: "held", holder: { pid: process.pid } });
  expect(await findHolder(path)).toMatchObject({ pid: process.pid });
  if (first.kind === "claimed") {
    await first.release();
  }
  expect(await findHolder(path)).toBeUndefined();
  expect((await claimFile(path)).kind).toBe("claimed");
});

test("a claim whose process number means another process by now is stale, and so is a damaged file", async () => {
  const self = await identifyProcess(process.pid);
  for (const stale of [JSON.stringify({ ...self, startedAt: "1" }), "", "{"]) {
    const path = join(scratch.path, `stale-${stale.length}`);
    await writeFile(path, stale);
    expect((await claimFile(path)).kind).toBe("claimed");
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(self);
  }
});

test("of several processes that find the same stale claim, one gets it", async () => {
  const children: ChildProcess[] = Array.from({ length: 5 }, () => runScript("claim.script.ts", []));
  await Promise.all(children.map((child) => once(child, "message")));
  const rounds = 40;
  for (let round = 0; round < rounds; round += 1) {
    const path = join(scratch.path, `race-${round}`);
    await writeFile(path, JSON.stringify({ pid: process.pid, startedAt: "1", command: "gone" }));
    const answers = children.map((child) => once(child, "message"));
    for (const child of children) {
      child.send(path);
    }
    const outcomes = (await Promise.all(answers)).map(([outcome]) => outcome);
    expect(outcomes.filter((outcome) => outcome === "claimed")).toHaveLength(1);
  }
  for (const child of children) {
    child.disconnect();
  }
  await Promise.all(children.map(ended));
});

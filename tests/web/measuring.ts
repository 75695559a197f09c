import { cpus } from "node:os";
import { pause } from "@ordermesh/process/wait";
import type { Page } from "playwright-core";

const idleWithinMs = 10_000;
const sampleMs = 1_000;
/** Part of the processors' time that has to be free for a judgement of how long something takes. */
const idleMin = 0.7;

/** What a busy machine takes says nothing about the pages. @returns false if it stays busy. */
export async function untilIdle(): Promise<boolean> {
  const giveUpAt = performance.now() + idleWithinMs;
  while (performance.now() < giveUpAt) {
    const before = processorTimes();
    await pause(sampleMs);
    const after = processorTimes();
    if ((after.idle - before.idle) / (after.all - before.all) >= idleMin) {
      return true;
    }
  }
  return false;
}

function processorTimes(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
  };
}

/**
 * What a page's scripts, layout and painting have cost its main thread so far, in milliseconds of processor: the same
 * however busy the machine is.
 */
export async function processorMeter(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1_000;
  };
}

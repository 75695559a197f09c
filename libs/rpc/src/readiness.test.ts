import { expect, test, vi } from "vitest";
import { startReadiness } from "./readiness.ts";

function deferred<Value = void>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((resolve_, reject_) => {
    resolve = resolve_;
    reject = reject_;
  });
  return { promise, resolve, reject };
}

test("reports the first outcome, then only changes, with a reason for each failing check", async () => {
  let database: Error | undefined = new Error("connection refused");
  const changes: [boolean, string[]][] = [];
  let rounds = 0;
  const readiness = startReadiness({
    checks: {
      database: async () => {
        rounds += 1;
        if (database !== undefined) {
          throw database;
        }
      },
      broker: async () => undefined,
    },
    intervalMs: 1,
    timeoutMs: 1_000,
    onChange: (ready, reasons) => changes.push([ready, reasons]),
  });
  expect(readiness.current()).toEqual({ ready: false, reasons: ["starting"] });
  await vi.waitUntil(() => rounds > 3);
  expect(changes).toEqual([[false, ["database: connection refused"]]]);
  database = undefined;
  await vi.waitUntil(() => readiness.current().ready);
  const before = rounds;
  await vi.waitUntil(() => rounds > before + 3);
  expect(changes).toEqual([
    [false, ["database: connection refused"]],
    [true, []],
  ]);
  readiness.stop();
});

test("a check that never answers has failed, is told so, and is not started a second time", async () => {
  let starts = 0;
  let told = false;
  const answer = deferred();
  const changes: string[] = [];
  const readiness = startReadiness({
    checks: {
      stuck(signal) {
        starts += 1;
        signal.addEventListener("abort", () => {
          told = true;
        });
        return answer.promise;
      },
    },
    intervalMs: 1,
    timeoutMs: 5,
    onChange: (ready, reasons) => changes.push(`${ready} ${reasons.join()}`),
  });
  await vi.waitUntil(() => changes.length === 2);
  expect(changes).toEqual(["false stuck: no answer within 5 ms", "false stuck: no answer yet"]);
  expect({ starts, told }).toEqual({ starts: 1, told: true });
  answer.resolve();
  await vi.waitUntil(() => readiness.current().ready);
  expect(starts).toBeGreaterThan(1);
  readiness.stop();
});

test("a check that throws instead of rejecting has failed", async () => {
  const readiness = startReadiness({
    checks: {
      broken() {
        throw new Error("no such file");
      },
    },
    timeoutMs: 1_000,
    onChange: () => undefined,
  });
  await vi.waitUntil(() => readiness.current().reasons[0] !== "starting");
  expect(readiness.current()).toEqual({ ready: false, reasons: ["broken: no such file"] });
  readiness.stop();
});

test("after stop nothing is reported, and the check under way is aborted", async () => {
  const started = deferred<AbortSignal>();
  let changes = 0;
  const readiness = startReadiness({
    checks: {
      slow(signal) {
        started.resolve(signal);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    },
    intervalMs: 1,
    timeoutMs: 1_000,
    onChange: () => {
      changes += 1;
    },
  });
  const signal = await started.promise;
  readiness.stop();
  expect(signal.aborted).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(changes).toBe(0);
});

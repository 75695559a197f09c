import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ProgramEvent,
  type RestartPolicy,
  type Supervised,
  supervise,
} from "@ordermesh/ordermesh/supervise";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: string;
const supervised: Supervised[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ordermesh supervise "));
});
afterEach(async () => {
  await Promise.all(supervised.splice(0).map((program) => program.stop(0)));
  await rm(folder, { recursive: true });
});

const quick: RestartPolicy = { delayMs: 10, delayMaxMs: 40, healthyAfterMs: 60_000 };

/** Supervises a small script. */
async function run(script: string, options: { restarts?: RestartPolicy; program?: string } = {}) {
  const entry = join(folder, "program.mjs");
  await writeFile(entry, script);
  const events: ProgramEvent[] = [];
  const lines: string[] = [];
  const program = supervise({
    name: "program",
    program: options.program ?? process.execPath,
    programArguments: [entry],
    environment: process.env,
    pidFile: join(folder, "program.pid.json"),
    onLine: (line) => lines.push(line),
    onEvent: (event) => events.push(event),
    restarts: options.restarts ?? quick,
  });
  supervised.push(program);
  const deaths = () => events.flatMap((event) => (event.kind === "died" ? [event] : []));
  return { program, events, lines, deaths };
}

const eventually = (check: () => boolean) => vi.waitUntil(check, { timeout: 20_000, interval: 5 });
const staysUp = "process.stdout.write('up\\n'); setInterval(() => {}, 1000);";

test("starts a program again when it dies, later each time, and says why it died", async () => {
  const { deaths, program } = await run("process.stderr.write('no left shoe\\n'); process.exit(7);");
  await eventually(() => deaths().length >= 5);
  const first = deaths().slice(0, 5);
  expect(first.map(({ restartInMs }) => restartInMs)).toEqual([10, 20, 40, 40, 40]);
  expect(first.map(({ reason }) => reason)).toEqual(Array(5).fill("exit code 7, no left shoe"));
  expect(program.deaths()).toBeGreaterThanOrEqual(5);
});

test("a death after a healthy time counts as the first one", async () => {
  const { deaths } = await run("process.exit(0);", { restarts: { ...quick, healthyAfterMs: 1 } });
  await eventually(() => deaths().length >= 3);
  expect(deaths().slice(0, 3)).toEqual(
    Array(3).fill({ kind: "died", reason: "exit code 0", restartInMs: 10 }),
  );
});

test("tells an uncaught error without its stack, a logged error, and a signal", async () => {
  const thrown = await run("throw new Error('boom');");
  await eventually(() => thrown.deaths().length >= 1);
  expect(thrown.deaths()[0]?.reason).toBe("exit code 1, Error: boom");
  await thrown.program.stop(0);

  const logged = await run(
    `process.stdout.write(JSON.stringify({ level: "error", msg: "could not start", err: { message: "no database" } }));
     process.exit(1);`,
  );
  await eventually(() => logged.deaths().length >= 1);
  expect(logged.deaths()[0]?.reason).toBe("exit code 1, could not start: no database");
  await logged.program.stop(0);

  const killed = await run("process.kill(process.pid, 'SIGKILL');");
  await eventually(() => killed.deaths().length >= 1);
  expect(killed.deaths()[0]?.reason).toBe("signal SIGKILL");
});

test("a program that cannot be started is told like a death", async () => {
  const { deaths } = await run("", { program: "/nowhere/node" });
  await eventually(() => deaths().length >= 2);
  expect(deaths()[0]?.reason).toMatch(/could not be started: .*ENOENT/);
});

test("notes the process while it runs, and stops it politely", async () => {
  const { program, lines, events } = await run(
    `process.on("SIGTERM", () => { process.stdout.write("tidied up\\n"); process.exit(0); }); ${staysUp}`,
  );
  await eventually(() => lines.includes("up"));
  const pidFile = join(folder, "program.pid.json");
  await vi.waitUntil(async () => (await stat(pidFile).catch(() => undefined)) !== undefined);
  const started = events.find((event) => event.kind === "started");
  expect(JSON.parse(await readFile(pidFile, "utf8"))).toMatchObject({ pid: started?.pid });

  await Promise.all([program.stop(20_000), program.stop(20_000)]);
  expect(lines).toEqual(["up", "tidied up"]);
  expect(events.map(({ kind }) => kind)).toEqual(["started"]);
  await expect(stat(pidFile)).rejects.toThrow(/ENOENT/);
});

test("kills a program that does not stop in time", async () => {
  const { program, lines, events } = await run(`process.on("SIGTERM", () => {}); ${staysUp}`);
  await eventually(() => lines.includes("up"));
  await program.stop(50);
  expect(events.at(-1)).toEqual({ kind: "killed", afterMs: 50 });
  const started = events.find((event) => event.kind === "started");
  expect(() => process.kill(started?.pid ?? 0, 0)).toThrow(/ESRCH/);
});

test("stopping between two lives ends the waiting", async () => {
  const hour = 3_600_000;
  const { program, deaths, events } = await run("process.exit(1);", {
    restarts: { delayMs: hour, delayMaxMs: hour, healthyAfterMs: hour },
  });
  await eventually(() => deaths().length === 1);
  await program.stop(hour);
  expect(events.map(({ kind }) => kind)).toEqual(["started", "died"]);
});

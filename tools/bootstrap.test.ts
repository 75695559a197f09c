import { spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** A small checkout with the real steps, the real esbuild, and stand-ins for pnpm and buf that write a log, and for vite. */
let checkout: string;
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "ordermesh bootstrap "));
  await mkdir(join(checkout, "tools"));
  for (const name of await readdir(import.meta.dirname)) {
    if (name.endsWith(".mjs")) {
      await cp(join(import.meta.dirname, name), join(checkout, "tools", name));
    }
  }
  const esbuild = dirname(createRequire(import.meta.url).resolve("esbuild/package.json"));
  await put(
    "bin/npx",
    `#!/bin/sh\necho install >> log\nwhile [ -e hold ]; do sleep 0.05; done\nmkdir -p node_modules/.bin\n
    cp bin/buf node_modules/.bin/buf\nln -sfn "${esbuild}" node_modules/esbuild\n
    mkdir -p apps/web/node_modules/vite/dist/node\ncp bin/vite.cjs apps/web/node_modules/vite/dist/node/index.js\n`,
  );
  await put(
    "bin/vite.cjs",
    `const { mkdirSync, writeFileSync } = require("node:fs");
     exports.build = async ({ root }) => {
       mkdirSync(root + "/dist", { recursive: true });
       writeFileSync(root + "/dist/index.html", "a page");
     };`,
  );
  await put(
    "bin/buf",
    "#!/bin/sh\n[ $1 = build ] && exit 0\necho generate >> log\nmkdir -p proto/gen\necho 'export const made = 1;' > proto/gen/made.ts\n",
  );
  await Promise.all(["bin/npx", "bin/buf"].map((path) => chmod(join(checkout, path), 0o755)));
  await put("pnpm-lock.yaml", "one");
  await put("proto/shop.proto", "one");
  await put("libs/greeting/src/greeting.ts", "export const greeting = 'hello';");
  await put(
    "apps/ordermesh/src/main.ts",
    `import { greeting } from "../../../libs/greeting/src/greeting.ts";
     import { made } from "../../../proto/gen/made.ts";
     console.log(greeting, made, process.argv.slice(2).join(" "));
     process.exitCode = 3;`,
  );
});
afterEach(() => rm(checkout, { recursive: true }));

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(checkout, path)), { recursive: true });
  await writeFile(join(checkout, path), content);
}

function start(environment: Record<string, string> = {}, nodeOptions: readonly string[] = []) {
  const child = spawn(
    process.execPath,
    [...nodeOptions, join(checkout, "tools", "bootstrap.mjs"), "up", "--now"],
    {
      env: { PATH: `${join(checkout, "bin")}${delimiter}${process.env.PATH}`, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [output, progress] = ["", ""];
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    progress += chunk;
  });
  const ended = new Promise<{ code: number | string | null; output: string; progress: string }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code: code ?? signal, output, progress }));
  });
  return { child, ended };
}

const run = () => start().ended;

/** What pnpm and buf were called for since the last time. */
async function takeLog(): Promise<string[]> {
  const log = (await readFile(join(checkout, "log"), "utf8").catch(() => "")).split("\n").filter(Boolean);
  await rm(join(checkout, "log"), { force: true });
  return log;
}

test("prepares once, runs the command and passes its exit code", async () => {
  const first = await run();
  expect(first).toMatchObject({ code: 3, output: "hello 1 up --now\n" });
  expect(first.progress).toMatch(/install packages: \d.*generate .*: \d.*build the programs: \d/s);
  expect(await takeLog()).toEqual(["install", "generate"]);

  const second = await run();
  expect(second).toEqual({ code: 3, output: "hello 1 up --now\n", progress: "" });
  expect(await takeLog()).toEqual([]);
});

test("does again what has changed, and what follows from it", async () => {
  await run();
  await takeLog();
  await put("libs/greeting/src/greeting.ts", "export const greeting = 'good morning';");
  expect((await run()).output).toBe("good morning 1 up --now\n");
  expect(await takeLog()).toEqual([]);

  await put("libs/greeting/src/greeting.test.ts", "a test is no part of a program");
  expect((await run()).progress).toBe("");

  await put("proto/cart.proto", "a new contract");
  expect((await run()).code).toBe(3);
  expect(await takeLog()).toEqual(["generate"]);

  await put("pnpm-lock.yaml", "two");
  expect((await run()).code).toBe(3);
  expect(await takeLog()).toEqual(["install", "generate"]);

  await rm(join(checkout, "apps", "ordermesh", "dist"), { recursive: true });
  expect((await run()).progress).toMatch(/^• build the programs/);
});

test("several at once prepare once, one after another", async () => {
  const ends = await Promise.all([run(), run(), run()]);
  expect(ends.map(({ code }) => code)).toEqual([3, 3, 3]);
  expect(await takeLog()).toEqual(["install", "generate"]);
});

test("a program that does not compile is told, and the next try succeeds", async () => {
  await put("libs/greeting/src/greeting.ts", "export const greeting = ;");
  const broken = await run();
  expect(broken.code).toBe(1);
  expect(broken.output).toBe("");
  expect(broken.progress).toMatch(
    /Unexpected ";".*The programs could not be built: see above\. \(1 errors?\)\n$/s,
  );
  await put("libs/greeting/src/greeting.ts", "export const greeting = 'hello';");
  expect((await run()).code).toBe(3);
});

test("an install that fails is told in one sentence", async () => {
  await put("bin/npx", "#!/bin/sh\nexit 5\n");
  const { code, progress } = await run();
  expect(code).toBe(1);
  expect(progress).toMatch(/The packages could not be installed: .*npm registry.* \(exit code 5\)\.\n$/);
});

/** Starts an install that goes on as long as the file `hold` is there. */
async function startHangingInstall() {
  await put("hold", "");
  const started = start();
  await vi.waitUntil(async () => (await stat(join(checkout, "log")).catch(() => undefined)) !== undefined);
  return started;
}

test("being asked to stop ends the tool that runs, and frees the checkout", async () => {
  const { child, ended } = await startHangingInstall();
  child.kill("SIGTERM");
  // The tool has our standard error: this resolves only when it has ended, too.
  expect((await ended).code).toBe(143);
  expect(await readdir(join(checkout, ".build"))).toEqual([]);
});

test("after a kill -9 the next one starts over", async () => {
  const { child } = await startHangingInstall();
  const killed = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await killed;
  await rm(join(checkout, "hold"));
  expect((await run()).code).toBe(3);
  expect(await takeLog()).toEqual(["install", "install", "generate"]);
});

test("an old Node is told what it needs", async () => {
  const old = "Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } });";
  await put("old.mjs", old);
  const { code, progress } = await start({}, ["--import", pathToFileURL(join(checkout, "old.mjs")).href])
    .ended;
  expect(code).toBe(1);
  expect(progress).toMatch(/^Ordermesh needs Node 20\.19 or newer.*\n$/);
});

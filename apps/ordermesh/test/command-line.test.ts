import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { services } from "@ordermesh/ordermesh/programs";
import { builtProgram } from "@ordermesh/testkit/built-program";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeStandInMesh, runProgram, type StandInMesh, watch } from "./stand-in-mesh.ts";

let standIns: StandInMesh;
beforeEach(async () => {
  standIns = await makeStandInMesh();
});
afterEach(() => standIns.remove());

async function ordermesh(commandArguments: readonly string[], more: Record<string, string> = {}) {
  const environment = standIns.environment([], { DEVKAFKA_PORT: "0", ...more });
  const { ended, output } = watch(
    runProgram([...builtProgram("ordermesh"), ...commandArguments], environment),
  );
  return { exitCode: await ended, output: output() };
}

test("every command explains itself", async () => {
  const all = await ordermesh(["--help"]);
  expect(all).toMatchObject({ exitCode: 0, output: expect.stringMatching(/up .*doctor .*Exit codes:/s) });
  for (const command of ["up", "doctor"]) {
    expect(await ordermesh([command, "--help"])).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining(`Usage: ordermesh ${command}`),
    });
  }
});

test("wrong usage ends with 2 and says what is right", async () => {
  for (const [commandArguments, environment, complaint] of [
    [["upp"], {}, /unknown command 'upp'/],
    [["up", "--frehs"], {}, /unknown option '--frehs'/],
    [["up", "--services", "loms,shop"], {}, /There is no shop\. The services are loms, checkout/],
    [["up"], { LOMS_PORT: "many", CHECKOUT_PORT: "70000" }, /LOMS_PORT.*many.*CHECKOUT_PORT.*70000/s],
  ] as const) {
    const { exitCode, output } = await ordermesh(commandArguments, environment);
    expect(output).toMatch(complaint);
    expect(exitCode).toBe(2);
  }
});

test("a key that is not there is told with what to do about it", async () => {
  const { exitCode, output } = await ordermesh(["seed"], { POSTGRES_PORT: "1", DEVKAFKA_PORT: "1" });
  expect(output).toMatch(
    /data\/keys\/ordermesh\.key\.json can not be read \(ENOENT\)\. `npm start` makes it/,
  );
  expect(exitCode).toBe(1);
});

test("keys are made once, for whoever runs the services elsewhere", async () => {
  const folder = join(standIns.path, "keys");
  const { exitCode, output } = await ordermesh(["keys", folder]);
  expect(exitCode).toBe(0);
  for (const { name } of services) {
    expect(output).toContain(`SERVICE_KEY_FILE of ${name}: ${folder}/${name}.key.json`);
  }
  const read = () => readFile(join(folder, "identity-encryption.key"), "utf8");
  const key = await read();
  expect(Buffer.from(key, "base64")).toHaveLength(32);
  expect((await ordermesh(["keys", folder])).exitCode).toBe(0);
  expect(await read()).toBe(key);
});

test("doctor finds a data folder that is not ours, for scripts too", async () => {
  const healthy = await ordermesh(["doctor", "--json"], anyPorts);
  expect(healthy.exitCode).toBe(0);
  expect(JSON.parse(healthy.output)).toMatchObject({ healthy: true });

  await mkdir(join(standIns.dataDirectory, "kafka"), { recursive: true });
  const ill = await ordermesh(["doctor"], anyPorts);
  expect(ill.exitCode).toBe(1);
  expect(ill.output).toMatch(/PROBLEM {2}data version .*was not made by Ordermesh.*1 problem found/s);
});

const anyPorts = Object.fromEntries(services.map(({ port }) => [port.variable, "0"]));

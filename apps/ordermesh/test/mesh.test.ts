import { access, chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { readMeshConfig } from "@ordermesh/ordermesh/config";
import { type Mesh, type MeshOptions, startMesh } from "@ordermesh/ordermesh/mesh";
import type { Service } from "@ordermesh/ordermesh/programs";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeStandInMesh, running, type StandInMesh } from "./stand-in-mesh.ts";

let standIns: StandInMesh;
const meshes: Mesh[] = [];
let told: string[];
beforeEach(async () => {
  standIns = await makeStandInMesh();
  told = [];
});
afterEach(async () => {
  await Promise.all(meshes.splice(0).map((mesh) => mesh.stop()));
  await standIns.remove();
});

async function start(
  services: readonly Service[],
  options: {
    environment?: Record<string, string>;
    fresh?: boolean;
    signal?: AbortSignal;
    early?: MeshOptions["early"];
  } = {},
): Promise<Mesh> {
  const environment = options.environment ?? standIns.environment(services);
  const mesh = await startMesh({
    config: readMeshConfig(services, standIns.broker, environment),
    services,
    broker: standIns.broker,
    fresh: options.fresh ?? false,
    signal: options.signal ?? new AbortController().signal,
    ...(options.early === undefined ? {} : { early: options.early }),
    report: {
      progress: (text) => told.push(text),
      warn: (text) => told.push(text),
      programLine: () => {},
    },
  });
  meshes.push(mesh);
  return mesh;
}

async function environmentOf(mesh: Mesh, name: string): Promise<Record<string, string>> {
  const response = await fetch(`http://${mesh.addresses[name]}/environment`);
  return (await response.json()) as Record<string, string>;
}

async function startedPids(): Promise<number[]> {
  const lines = await standIns.log();
  return lines.filter((line) => line.startsWith("started")).map((line) => Number(line.split(" ")[2]));
}

test("gives each service what it needs, and what the user has set wins", async () => {
  const services = [
    await standIns.service("alpha", { upstreams: { BETA_ADDRESS: "beta" } }),
    await standIns.service("beta", { upstreams: { ALPHA_ADDRESS: "alpha" } }),
  ];
  const mesh = await start(services, {
    environment: standIns.environment(services, { BETA_ADDRESS: "elsewhere:1", LOG_FORMAT: "readable" }),
  });
  const [alpha, beta] = await Promise.all([environmentOf(mesh, "alpha"), environmentOf(mesh, "beta")]);
  expect(`127.0.0.1:${alpha.ALPHA_PORT}`).toBe(mesh.addresses.alpha);
  expect(alpha).toMatchObject({
    ALPHA_HOST: "127.0.0.1",
    ALPHA_DATABASE_URL: "postgres://nowhere/alpha",
    BETA_ADDRESS: "elsewhere:1",
    KAFKA_BROKERS: mesh.kafkaBrokers,
    LOG_FORMAT: "json",
  });
  expect(beta.ALPHA_ADDRESS).toBe(mesh.addresses.alpha);
});

test("gives each service its own key, which stays the same and is nobody else's to read", async () => {
  const services = [
    await standIns.service("alpha", { settings: { MINIZON_OPEN: "1" } }),
    await standIns.service("identity"),
  ];
  const mesh = await start(services);
  const [alpha, identity] = await Promise.all([
    environmentOf(mesh, "alpha"),
    environmentOf(mesh, "identity"),
  ]);
  expect(alpha).toMatchObject({
    MINIZON_OPEN: "1",
    IDENTITY_JWKS_URL: `http://${mesh.addresses.identity}/.well-known/jwks.json`,
    SERVICE_KEYS_FILE: identity.SERVICE_KEYS_FILE,
  });
  expect(identity.MINIZON_OPEN).toBeUndefined();
  const read = async (file = "") => {
    expect((await stat(file)).mode & 0o077).toBe(0);
    return await readFile(file, "utf8");
  };
  const own = JSON.parse(await read(alpha.SERVICE_KEY_FILE));
  expect(own).toMatchObject({ kid: "alpha", d: expect.any(String) });
  const { keys } = JSON.parse(await read(alpha.SERVICE_KEYS_FILE));
  expect(keys.map(({ kid }: { kid: string }) => kid).sort()).toEqual(["alpha", "identity", "ordermesh"]);
  expect(JSON.stringify(keys)).not.toContain('"d"');
  const encryptionKey = await read(identity.IDENTITY_KEY_ENCRYPTION_KEY_FILE);
  expect(Buffer.from(encryptionKey, "base64")).toHaveLength(32);
  const voucherKey = await read(alpha.VOUCHER_KEY_FILE);
  expect(Buffer.from(voucherKey, "base64")).toHaveLength(32);
  const gatewayKey = await read(alpha.GATEWAY_KEY_FILE);
  expect(Buffer.from(gatewayKey, "base64")).toHaveLength(32);
  expect(new Set([encryptionKey, voucherKey, gatewayKey]).size).toBe(3);
  await mesh.stop();

  const again = await start(services, {
    environment: standIns.environment(services, { MINIZON_OPEN: "0" }),
  });
  const later = await environmentOf(again, "alpha");
  expect(later.MINIZON_OPEN).toBe("0");
  expect(JSON.parse(await read(later.SERVICE_KEY_FILE))).toEqual(own);
  expect(await read(later.IDENTITY_KEY_ENCRYPTION_KEY_FILE)).toBe(encryptionKey);
  expect(await read(later.VOUCHER_KEY_FILE)).toBe(voucherKey);
  expect(await read(later.GATEWAY_KEY_FILE)).toBe(gatewayKey);
});

test("stops the services before the broker, and leaves nothing running", async () => {
  const services = [await standIns.service("alpha"), await standIns.service("beta")];
  const mesh = await start(services);
  const pids = await startedPids();
  expect(pids).toHaveLength(3);
  await mesh.stop();
  const events = (await standIns.log()).map((line) => line.split(" ").slice(0, 2).join(" "));
  expect(events.indexOf("asked broker")).toBeGreaterThan(events.indexOf("stopped alpha"));
  expect(events.indexOf("asked broker")).toBeGreaterThan(events.indexOf("stopped beta"));
  expect(events.at(-1)).toBe("stopped broker");
  expect(await running(pids)).toEqual([]);
});

test("runs no broker when one is given", async () => {
  const services = [await standIns.service("alpha")];
  const mesh = await start(services, {
    environment: standIns.environment(services, { KAFKA_BROKERS: "kafka-1:9092" }),
  });
  expect((await environmentOf(mesh, "alpha")).KAFKA_BROKERS).toBe("kafka-1:9092");
  expect((await standIns.log()).join()).not.toContain("broker");
});

test("a service that crashes comes back, and the reason is told", async () => {
  const mesh = await start([await standIns.service("alpha")]);
  await fetch(`http://${mesh.addresses.alpha}/crash`).catch(() => {});
  await vi.waitUntil(async () => (await startedPids()).length === 3, { timeout: 20_000 });
  expect(told.join("\n")).toMatch(/alpha died \(exit code 1, Error: alpha was told to crash\); .* 200 ms/);
});

test("runs databases on the embedded server, which comes back when it is killed", async () => {
  const services = [await standIns.service("alpha")];
  const environment = standIns.environment(services);
  delete environment.ALPHA_DATABASE_URL;
  const mesh = await start(services, { environment });
  const url = mesh.databaseUrls.alpha ?? "";
  expect((await environmentOf(mesh, "alpha")).ALPHA_DATABASE_URL).toBe(url);
  expect(url).toMatch(/^postgres:\/\/ordermesh:ordermesh@127\.0\.0\.1:\d+\/alpha$/);

  const ask = async () => {
    const sql = postgres(url.replace(/alpha$/, "postgres"), { max: 1, connect_timeout: 2, backoff: false });
    try {
      return (await sql`select pg_postmaster_start_time()::text as started`)[0]?.started as string;
    } finally {
      await sql.end({ timeout: 0 });
    }
  };
  const before = await ask();
  const pidFile = await readFile(join(standIns.dataDirectory, "postgres", "postmaster.pid"), "utf8");
  process.kill(Number(pidFile.split("\n")[0]), "SIGKILL");
  await vi.waitUntil(async () => (await ask().catch(() => before)) !== before, { timeout: 30_000 });
  expect(told.join("\n")).toMatch(/PostgreSQL ended \(signal SIGKILL.*starting it again in 200 ms/);

  await mesh.stop();
  await expect(ask()).rejects.toThrow(/ECONNREFUSED/);
});

test("a taken port is told with its holder and its variable, and nothing is started", async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  const address = squatter.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const services = [await standIns.service("alpha")];
  const environment = standIns.environment(services, { ALPHA_PORT: String(port) });
  await expect(start(services, { environment })).rejects.toThrow(
    new RegExp(`Port ${port}, which alpha needs, is taken by process ${process.pid} .*ALPHA_PORT`),
  );
  expect(await standIns.log()).toEqual([]);
  await new Promise((resolve) => squatter.close(resolve));
});

test("a service that keeps dying at start stops everything, and its last words are told", async () => {
  const services = [await standIns.service("alpha"), await standIns.service("beta", { behavior: "broken" })];
  const failure = expect(start(services)).rejects;
  await failure.toThrow(
    /beta could not be started: it died 5 times in a row: exit code 7, beta is missing its left shoe/,
  );
  expect(await running(await startedPids())).toEqual([]);
});

test("an interruption while it starts stops what has been started", async () => {
  const services = [
    await standIns.service("alpha"),
    await standIns.service("beta", { behavior: "never-ready" }),
  ];
  const interruption = new AbortController();
  const refused = expect(start(services, { signal: interruption.signal })).rejects.toThrow("enough");
  await vi.waitUntil(async () => (await startedPids()).length === 3, { timeout: 20_000 });
  interruption.abort(new Error("enough"));
  await refused;
  expect(await running(await startedPids())).toEqual([]);
});

test("early work waits for what it needs only, is waited for, and does not hold up an interruption", async () => {
  const [alpha, late] = [
    await standIns.service("alpha"),
    await standIns.service("late", { behavior: "never-ready" }),
  ];
  const interruption = new AbortController();
  const addresses: unknown[] = [];
  const run = async (given: unknown) => {
    addresses.push(given);
    // It never ends by itself.
    await new Promise(() => {});
  };
  const early = [{ needs: ["alpha"], run }];
  const refused = expect(start([alpha, late], { signal: interruption.signal, early })).rejects.toThrow(
    "enough",
  );
  await vi.waitUntil(() => addresses.length === 1, { timeout: 20_000 });
  interruption.abort(new Error("enough"));
  await refused;

  let isDone = false;
  await start([alpha], {
    early: [
      {
        needs: ["alpha"],
        run: async (given) => {
          expect((await fetch(`http://${given.alpha}/`)).status).toBe(200);
          isDone = true;
        },
      },
      {
        needs: ["alpha", "absent"],
        run: async () => expect.fail("one that it needs does not run"),
      },
    ],
  });
  expect(isDone).toBe(true);
});

test("only one mesh runs on a data folder", async () => {
  const services = [await standIns.service("alpha")];
  const mesh = await start(services);
  await expect(start(services)).rejects.toMatchObject({ reason: "ALREADY_RUNNING" });
  await expect(start(services, { fresh: true })).rejects.toMatchObject({ reason: "ALREADY_RUNNING" });
  await mesh.stop();
  await start(services);
});

test("fresh removes data, but only ours", async () => {
  const services = [await standIns.service("alpha")];
  await (await start(services)).stop();
  const { dataDirectory } = standIns;
  await mkdir(join(dataDirectory, "kafka"), { recursive: true });
  await writeFile(join(dataDirectory, "kafka", "old"), "");
  await writeFile(join(dataDirectory, "notes.txt"), "mine");
  const key = await readFile(join(dataDirectory, "keys", "alpha.key.json"), "utf8");
  await (await start(services, { fresh: true })).stop();
  expect(await readFile(join(dataDirectory, "keys", "alpha.key.json"), "utf8")).not.toBe(key);
  await expect(access(join(dataDirectory, "kafka", "old"))).rejects.toThrow(/ENOENT/);
  expect((await stat(join(dataDirectory, "notes.txt"))).size).toBe(4);

  const foreign = join(standIns.path, "foreign");
  await mkdir(join(foreign, "postgres"), { recursive: true });
  const environment = standIns.environment(services, { ORDERMESH_DATA_DIRECTORY: foreign });
  await expect(start(services, { environment, fresh: true })).rejects.toMatchObject({
    reason: "DATA_FOLDER_FOREIGN",
  });
  await expect(start(services, { environment })).rejects.toMatchObject({ reason: "DATA_FOLDER_FOREIGN" });
  expect((await stat(join(foreign, "postgres"))).isDirectory()).toBe(true);
});

test.skipIf(process.getuid?.() === 0)(
  "a data folder that is not ours to write in is told as such",
  async () => {
    const services = [await standIns.service("alpha")];
    await mkdir(join(standIns.dataDirectory, "run"), { recursive: true });
    await chmod(join(standIns.dataDirectory, "run"), 0o500);
    await expect(start(services)).rejects.toMatchObject({ reason: "DATA_FOLDER_NOT_WRITABLE" });
  },
);

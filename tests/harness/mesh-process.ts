import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { withTimeout } from "@ordermesh/process/wait";

export type MeshService =
  | "loms"
  | "checkout"
  | "product"
  | "payments"
  | "notifications"
  | "tables"
  | "identity"
  | "gateway";

/** The whole mesh as `npm start` runs it, on free ports and with data of its own. */
export interface MeshProcess {
  readonly addresses: Readonly<Record<MeshService, string>>;
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly kafkaBrokers: readonly string[];
  /** The access token of a demo user. */
  token(username: "buyer" | "buyer2" | "seller" | "waiter" | "platform" | "operator"): Promise<string>;
  /** Runs another command of the command line against this mesh. */
  run(...command: string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Ctrl-C, and waits until everything is down. @returns the exit code. */
  stop(): Promise<number | null>;
}

interface ReadyLine {
  readonly msg?: string;
  readonly addresses?: MeshProcess["addresses"];
  readonly database_urls?: Readonly<Record<string, string>>;
  readonly kafka_brokers?: string;
}

const program = fileURLToPath(new URL("../../apps/ordermesh/dist/main.js", import.meta.url));

/** A free port for each, so that a mesh of somebody else is never met. */
const freePorts = Object.fromEntries(
  [
    "LOMS",
    "CHECKOUT",
    "PRODUCT",
    "PAYMENTS",
    "NOTIFICATIONS",
    "TABLES",
    "IDENTITY",
    "GATEWAY",
    "VERIFY",
    "DEVKAFKA",
    "POSTGRES",
  ].map((name) => [`${name}_PORT`, "0"]),
);

export async function startMeshProcess(
  environment: Readonly<Record<string, string>> = {},
): Promise<MeshProcess> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "ordermesh-mesh-"));
  // As root PostgreSQL runs under another account, which must be able to enter.
  await chmod(dataDirectory, 0o755);
  const child = spawn(process.execPath, ["--enable-source-maps", program, "up"], {
    env: {
      ...process.env,
      ...freePorts,
      ORDERMESH_DATA_DIRECTORY: dataDirectory,
      LOG_FORMAT: "json",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ready = await withTimeout(
    untilReady(child),
    90_000,
    () => new Error("The mesh was not ready within 90 s."),
  );
  const { addresses, database_urls: databaseUrls = {}, kafka_brokers: kafkaBrokers = "" } = ready;
  if (addresses === undefined) {
    throw new Error("The mesh did not tell its addresses.");
  }

  return {
    addresses,
    databaseUrls,
    kafkaBrokers: kafkaBrokers.split(","),
    token: (username) => logIn(addresses.identity, username),
    run: (...command) => runCommand(command, { addresses, databaseUrls, kafkaBrokers, dataDirectory }),
    async stop() {
      if (child.exitCode === null) {
        const exited = once(child, "exit");
        child.kill("SIGINT");
        await exited;
      }
      await rm(dataDirectory, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

function untilReady(child: ChildProcess): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      let entry: ReadyLine = {};
      try {
        entry = JSON.parse(line);
      } catch {
        return;
      }
      if (entry.msg?.startsWith("ready in ") && entry.addresses !== undefined) {
        resolve(entry);
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on("line", onLine);
      }
    }
    child.once("exit", (code) =>
      reject(new Error(`The mesh ended with ${code}:\n${lines.slice(-20).join("\n")}`)),
    );
  });
}

async function logIn(address: string, username: string): Promise<string> {
  const response = await fetch(`http://${address}/ordermesh.identity.v1.IdentityService/Login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: "ordermesh-demo" }),
  });
  const { accessToken } = (await response.json()) as { accessToken?: string };
  if (accessToken === undefined) {
    throw new Error(`${username} could not log in: status ${response.status}.`);
  }
  return accessToken;
}

async function runCommand(
  command: readonly string[],
  mesh: {
    addresses: MeshProcess["addresses"];
    databaseUrls: Readonly<Record<string, string>>;
    kafkaBrokers: string;
    dataDirectory: string;
  },
): Promise<{ code: number | null; output: string }> {
  const entries = Object.entries(mesh.addresses).map(([name, address]) => [
    `${name.toUpperCase()}_ADDRESS`,
    address,
  ]);
  const urls = Object.entries(mesh.databaseUrls).map(([name, url]) => [
    `${name.toUpperCase()}_DATABASE_URL`,
    url,
  ]);
  const child = spawn(process.execPath, ["--enable-source-maps", program, ...command], {
    env: {
      ...process.env,
      ...Object.fromEntries([...entries, ...urls]),
      KAFKA_BROKERS: mesh.kafkaBrokers,
      ORDERMESH_DATA_DIRECTORY: mesh.dataDirectory,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const [code] = await once(child, "exit");
  return { code, output };
}

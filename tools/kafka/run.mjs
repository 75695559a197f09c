// A real Apache Kafka on one node, for tests: `node tools/kafka/run.mjs -- <command...>` runs the command with
// KAFKA_BROKERS set and ends with its exit code; 75 when Java or Maven is missing, so that CI can say so and go on.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkJava, resolveJars, ToolMissing } from "./jars.mjs";

const host = "127.0.0.1";
const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;
const exitCodeToolMissing = 75;
const exitCodeUsage = 64;

/** A broker for a few minutes: a small heap, and no time spent on optimizing code that runs briefly. */
const javaOptions = [
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/**
 * Starts a broker that is its own KRaft controller, and waits until it answers. A directory that was used before is
 * taken up as it is.
 *
 * @param {{ port: number, directory: string, signal?: AbortSignal }} options a port on 127.0.0.1, where data and log
 *   go, and what ends the waiting early
 * @returns {Promise<{ address: { host: string, port: number }, pid: number, stop(): Promise<void> }>}
 * @throws ToolMissing when there is no Java or no Maven
 */
export async function startApacheKafka({ port, directory, signal }) {
  checkJava();
  const classPath = join(resolveJars(), "*");
  mkdirSync(directory, { recursive: true });
  const propertiesFile = join(directory, "server.properties");
  writeFileSync(propertiesFile, serverProperties({ port, controllerPort: await freePort(), directory }));
  formatStorage(classPath, propertiesFile);

  const logFile = join(directory, "kafka.log");
  const log = openSync(logFile, "a");
  const broker = spawn("java", [...javaOptions, "-cp", classPath, "kafka.Kafka", propertiesFile], {
    stdio: ["ignore", log, log],
    // Ctrl-C reaches the whole process group; the broker has to outlive the command that still talks to it.
    detached: true,
  });
  closeSync(log);
  const exited = new Promise((settle) => broker.once("exit", settle));

  const stop = async () => {
    broker.kill("SIGTERM");
    const timer = setTimeout(() => broker.kill("SIGKILL"), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  };
  const deadline = performance.now() + startTimeoutMs;
  while (!(await isReady(port))) {
    const hasExited = broker.exitCode !== null || broker.signalCode !== null;
    if (hasExited || signal?.aborted || performance.now() > deadline) {
      await stop();
      if (signal?.aborted) {
        throw new Error("Interrupted before Apache Kafka had started.");
      }
      const lastLines = readFileSync(logFile, "utf8").split("\n").slice(-20).join("\n");
      throw new Error(`Apache Kafka did not start on port ${port}. The end of its log:\n${lastLines}`);
    }
    await new Promise((settle) => setTimeout(settle, 100));
  }
  return { address: { host, port }, pid: broker.pid, stop };
}

function serverProperties({ port, controllerPort, directory }) {
  const properties = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@${host}:${controllerPort}`,
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://${host}:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": resolve(directory, "data"),
    "num.partitions": 12,
    // One node cannot hold three copies of its own topics.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    // The default lets the first member of a group wait 3 s for others.
    "group.initial.rebalance.delay.ms": 0,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function formatStorage(classPath, propertiesFile) {
  const clusterId = "b3JkZXJtZXNoLWthZmthMQ";
  const { status, stdout, stderr } = spawnSync(
    "java",
    [...javaOptions, "-cp", classPath, "kafka.tools.StorageTool", "format"].concat(
      ["--ignore-formatted", "--cluster-id", clusterId],
      ["--config", propertiesFile],
    ),
    { encoding: "utf8", timeout: startTimeoutMs },
  );
  if (status !== 0) {
    throw new Error(`Apache Kafka's storage could not be formatted:\n${stdout}${stderr}`);
  }
}

/**
 * Whether consumer groups work: that is what comes up last, and some requests of kafkajs do not wait for it. Asking for
 * the coordinator makes the broker create its offsets topic; once that is loaded, a heartbeat of nobody is unknown.
 */
async function isReady(port) {
  const group = protocolString("ordermesh-probe");
  const findCoordinator = { key: 10, body: group };
  const heartbeat = { key: 12, body: Buffer.concat([group, Buffer.alloc(4), protocolString("nobody")]) };
  return (await errorCodeOf(port, findCoordinator)) === 0 && (await errorCodeOf(port, heartbeat)) === 25;
}

function protocolString(text) {
  return Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
}

/** Sends a request in version 0, without a client id. The responses asked for here begin with their error code. */
function errorCodeOf(port, { key, body }) {
  const header = Buffer.alloc(14);
  header.writeInt32BE(10 + body.length, 0);
  header.writeInt16BE(key, 4);
  header.writeInt16BE(-1, 12);
  return new Promise((settle) => {
    const socket = connect({ host, port });
    const finish = (errorCode) => {
      socket.destroy();
      settle(errorCode);
    };
    socket.setTimeout(2_000, () => finish(undefined));
    socket.once("connect", () => socket.write(Buffer.concat([header, body])));
    socket.once("data", (response) => finish(response.length < 10 ? undefined : response.readInt16BE(8)));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
  });
}

function freePort() {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, host, () => {
      const { port } = server.address();
      server.close(() => settle(port));
    });
  });
}

/** @returns {Promise<number>} the exit code of the command */
function runCommand([program, ...commandArguments], brokers, signal) {
  return new Promise((settle) => {
    const child = spawn(program, commandArguments, {
      stdio: "inherit",
      env: { ...process.env, KAFKA_BROKERS: brokers },
    });
    signal.addEventListener("abort", () => child.kill(signal.reason));
    child.once("error", (error) => {
      process.stderr.write(`${program} could not be run: ${error.message}\n`);
      settle(127);
    });
    child.once("exit", (code, killedBy) => settle(code ?? (killedBy === "SIGINT" ? 130 : 143)));
  });
}

async function main(command) {
  if (command.length === 0) {
    process.stderr.write("Usage: node tools/kafka/run.mjs -- <command...>\n");
    return exitCodeUsage;
  }
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => interruption.abort(signal));
  }
  const { signal } = interruption;
  const directory = mkdtempSync(join(tmpdir(), "ordermesh-kafka-"));
  try {
    const startedAt = performance.now();
    const kafka = await startApacheKafka({ port: await freePort(), directory, signal });
    const { address } = kafka;
    const startSeconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stderr.write(
      `Apache Kafka answers on ${address.host}:${address.port} after ${startSeconds} s.\n`,
    );
    try {
      return await runCommand(command, `${address.host}:${address.port}`, signal);
    } finally {
      await kafka.stop();
    }
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return error instanceof ToolMissing ? exitCodeToolMissing : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const afterOptions = process.argv.slice(2);
  process.exit(await main(afterOptions[0] === "--" ? afterOptions.slice(1) : afterOptions));
}

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findsCoordinator, host } from "./probe.mjs";

const startTimeoutMs = 90_000;
const stopTimeoutMs = 30_000;

/** A broker for a few minutes: a small heap, and no time spent on optimizing code that runs briefly. */
const javaOptions = [
  "-Xmx384m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/**
 * Prepares one broker, which is a KRaft controller as well, and lets it be started, stopped and killed any number of
 * times. A directory that was used before is taken up as it is.
 *
 * @param {{ id: number, port: number, controllerPort: number, voters: string, brokerCount: number, directory: string,
 *   classPath: string, signal?: AbortSignal }} options `voters` names the controllers of the cluster; the signal ends
 *   waiting early
 */
export async function prepareBroker(options) {
  const { id, port, directory, classPath, signal } = options;
  mkdirSync(directory, { recursive: true });
  const propertiesFile = join(directory, "server.properties");
  writeFileSync(propertiesFile, serverProperties(options));
  await formatStorage(classPath, propertiesFile);

  const logFile = join(directory, "kafka.log");
  let child;
  let exited = Promise.resolve();
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  // Whoever started it may end without a word to it.
  process.on("exit", () => isRunning() && child.kill("SIGKILL"));

  /** Starts the process, and does not wait for it. */
  function launch() {
    const log = openSync(logFile, "a");
    child = spawn("java", [...javaOptions, "-cp", classPath, "kafka.Kafka", propertiesFile], {
      stdio: ["ignore", log, log],
      // Ctrl-C reaches the whole process group; the broker has to outlive the command that still talks to it.
      detached: true,
    });
    closeSync(log);
    exited = new Promise((settle) => child.once("exit", settle));
  }

  /** Waits until `check` holds. Ends the process and throws when it does not in time. */
  async function untilReady(check) {
    const deadline = performance.now() + startTimeoutMs;
    while (!(await check())) {
      if (!isRunning() || signal?.aborted || performance.now() > deadline) {
        await end("SIGKILL");
        if (signal?.aborted) {
          throw new Error("Interrupted before Apache Kafka had started.");
        }
        const lastLines = readFileSync(logFile, "utf8").split("\n").slice(-20).join("\n");
        throw new Error(`Apache Kafka did not start on port ${port}. The end of its log:\n${lastLines}`);
      }
      await new Promise((settle) => setTimeout(settle, 100));
    }
  }

  async function end(signalName) {
    if (!isRunning()) {
      return;
    }
    child.kill(signalName);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  }

  return {
    id,
    address: `${host}:${port}`,
    get pid() {
      return child?.pid;
    },
    launch,
    untilReady,
    /** Waits until it answers, which it does only as part of its cluster. */
    async start() {
      if (!isRunning()) {
        launch();
        await untilReady(() => findsCoordinator(port));
      }
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

function serverProperties({ id, port, controllerPort, voters, brokerCount, directory }) {
  const copies = Math.min(brokerCount, 3);
  const inSyncMin = Math.max(1, copies - 1);
  const properties = {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": voters,
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://${host}:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": resolve(directory, "data"),
    "num.partitions": 12,
    "default.replication.factor": copies,
    "min.insync.replicas": inSyncMin,
    "offsets.topic.replication.factor": copies,
    "offsets.topic.num.partitions": brokerCount,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSyncMin,
    "transaction.state.log.num.partitions": 1,
    // The default lets the first member of a group wait 3 s for others.
    "group.initial.rebalance.delay.ms": 0,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** @returns {Promise<void>} when the storage is ready for a broker, by this call or by an earlier one */
function formatStorage(classPath, propertiesFile) {
  const clusterId = "b3JkZXJtZXNoLWthZmthMQ";
  const formatter = spawn(
    "java",
    [...javaOptions, "-cp", classPath, "kafka.tools.StorageTool", "format"].concat(
      ["--ignore-formatted", "--cluster-id", clusterId],
      ["--config", propertiesFile],
    ),
    { stdio: ["ignore", "pipe", "pipe"], timeout: startTimeoutMs },
  );
  let output = "";
  for (const stream of [formatter.stdout, formatter.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  return new Promise((settle, fail) => {
    formatter.once("error", fail);
    formatter.once("close", (code) =>
      code === 0 ? settle() : fail(new Error(`Apache Kafka's storage could not be formatted:\n${output}`)),
    );
  });
}

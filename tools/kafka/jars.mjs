import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const buildDirectory = join(here, "..", "..", ".build", "kafka");
const mavenTimeoutMs = 300_000;
const javaVersionMin = 17;

/** Something that this tool needs is not installed. The message is one sentence that says what. */
export class ToolMissing extends Error {
  name = "ToolMissing";
}

/** @throws ToolMissing when there is no `java`, or one that Apache Kafka does not run on. */
export function checkJava() {
  const { error, stderr } = spawnSync("java", ["-version"], { encoding: "utf8", timeout: 30_000 });
  if (error !== undefined) {
    throw new ToolMissing("Apache Kafka needs Java 17 or newer, and there is no `java` on the PATH.");
  }
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? Number.NaN);
  if (major < javaVersionMin) {
    throw new ToolMissing(
      `Apache Kafka needs Java ${javaVersionMin} or newer, and \`java\` is version ${major}.`,
    );
  }
}

/**
 * Has Maven copy the jars of pom.xml to `.build/kafka/`, once for each content of pom.xml.
 *
 * @returns the folder with the jars.
 * @throws ToolMissing when the jars are not there yet and there is no `mvn`.
 */
export function resolveJars() {
  const pom = join(here, "pom.xml");
  const digest = createHash("sha256").update(readFileSync(pom)).digest("hex").slice(0, 12);
  const folder = join(buildDirectory, digest);
  const jars = join(folder, "jars");
  const completeMark = join(folder, "complete");
  if (existsSync(completeMark)) {
    return jars;
  }

  if (spawnSync("mvn", ["--version"], { timeout: 30_000 }).error !== undefined) {
    throw new ToolMissing("Getting Apache Kafka needs Maven, and there is no `mvn` on the PATH.");
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(jars, { recursive: true });
  process.stderr.write("Getting the jars of Apache Kafka with Maven (about 45 MB, once) ...\n");
  const { error, status, stdout } = spawnSync(
    "mvn",
    ["-B", "-ntp", "-q", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${jars}`],
    { encoding: "utf8", timeout: mavenTimeoutMs, stdio: ["ignore", "pipe", "inherit"] },
  );
  if (error !== undefined || status !== 0) {
    process.stderr.write(stdout ?? "");
    throw new Error(
      `Maven could not get the jars of Apache Kafka (${error?.message ?? `exit code ${status}`}).`,
    );
  }
  writeFileSync(completeMark, "");
  return jars;
}

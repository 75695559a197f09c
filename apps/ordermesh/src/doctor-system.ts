import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { findPackageFolder, platformName } from "@ordermesh/embedded/binaries";
import { checkoutFolder } from "./checkout-folder.ts";
import { readSearchPath } from "./config.ts";
import type { Finding } from "./doctor.ts";

export async function checkNode(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isNewEnough = major > 20 || (major === 20 && minor >= 19);
  return [
    isNewEnough
      ? { subject: "Node", state: "ok", detail: process.version }
      : {
          subject: "Node",
          state: "problem",
          detail: `${process.version} is too old`,
          advice: "install Node 20.19 or newer from https://nodejs.org",
        },
  ];
}

/** Whether the embedded PostgreSQL can run here. */
export async function checkPlatform(): Promise<Finding[]> {
  const subject = "PostgreSQL programs";
  const advice =
    "start a PostgreSQL yourself and name it in LOMS_DATABASE_URL, CHECKOUT_DATABASE_URL and the others";
  if ((await findPackageFolder()) === undefined) {
    return [{ subject, state: "problem", detail: `there are none for ${platformName()}`, advice }];
  }
  if (process.platform === "linux" && !usesGlibc()) {
    return [{ subject, state: "problem", detail: "this Linux does not use glibc, and they need it", advice }];
  }
  return [{ subject, state: "ok", detail: platformName() }];
}

function usesGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}

/** Whether packages, generated code and programs are those of the sources. The steps know that themselves. */
export async function checkCheckout(): Promise<Finding[]> {
  const steps = [
    {
      subject: "packages",
      file: "install.mjs",
      question: "isInstalled",
      missing: "not installed as the lock file says",
    },
    {
      subject: "generated code",
      file: "generate.mjs",
      question: "isGenerated",
      missing: "older than the contracts",
    },
    { subject: "programs", file: "build.mjs", question: "isBuilt", missing: "older than the sources" },
  ];
  return Promise.all(
    steps.map(async ({ subject, file, question, missing }): Promise<Finding> => {
      const step: Record<string, () => boolean> = await import(
        pathToFileURL(join(checkoutFolder, "tools", file)).href
      );
      return step[question]?.() === true
        ? { subject, state: "ok", detail: "up to date" }
        : { subject, state: "note", detail: missing, advice: "`npm start` does it" };
    }),
  );
}

/** What one can do without, but may want. */
export async function checkTools(): Promise<Finding[]> {
  const tools = [
    { name: "kcat", use: "shows the events in Kafka", advice: "`apt install kcat` or `brew install kcat`" },
    {
      name: "grpcurl",
      use: "calls the services by hand; `npx buf curl` does too",
      advice: "`brew install grpcurl`, or download it from its releases on GitHub",
    },
    {
      name: "java",
      use: "runs a real Apache Kafka for tests",
      advice: "`apt install default-jre-headless` or `brew install openjdk`",
    },
    {
      name: "mvn",
      use: "fetches Apache Kafka for tests",
      advice: "`apt install maven` or `brew install maven`",
    },
  ];
  return Promise.all(
    tools.map(async ({ name, use, advice }): Promise<Finding> => {
      const path = await findInSearchPath(name);
      return path === undefined
        ? { subject: name, state: "note", detail: `not installed; ${use}`, advice }
        : { subject: name, state: "ok", detail: path };
    }),
  );
}

async function findInSearchPath(program: string): Promise<string | undefined> {
  for (const folder of readSearchPath().split(delimiter).filter(Boolean)) {
    const path = join(folder, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) {
      return path;
    }
  }
  return undefined;
}

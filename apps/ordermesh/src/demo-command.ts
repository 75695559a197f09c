import { randomInt } from "node:crypto";
import { createLogger } from "@ordermesh/telemetry/logger";
import type { Command } from "commander";
import { openClients } from "./clients.ts";
import { readMeshConfig } from "./config.ts";
import { createNarrator } from "./demo/narrator.ts";
import { observeBuyer } from "./demo/observers.ts";
import { eventsExpected, tellStory } from "./demo/story.ts";
import { type Installation, readInstallation } from "./installation-config.ts";
import { listenForInterruption } from "./interruption.ts";
import { startMesh } from "./mesh.ts";
import { broker, services } from "./programs.ts";
import { createReport } from "./report.ts";
import { seedDemo } from "./seed.ts";

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("Tell a buyer's story on a running mesh, or on one that is started for it.")
    .action(async () => {
      const installation = readInstallation();
      if (await isRunning(installation)) {
        await runDemo(installation);
      } else {
        await runDemoOnOwnMesh();
      }
    });
}

async function isRunning({ addresses }: Installation): Promise<boolean> {
  const answers = Object.values(addresses).map(async (address) => {
    const response = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return response.ok;
  });
  const results = await Promise.allSettled(answers);
  return results.every((result) => result.status === "fulfilled" && result.value);
}

async function runDemo({ addresses, kafkaBrokers }: Installation): Promise<void> {
  const logger = createLogger({ service: "demo", level: "warn", format: "readable" });
  const narrator = createNarrator((text) => process.stdout.write(text));
  // A buyer of this run only, so that nothing of earlier runs is told again.
  const userId = BigInt(randomInt(1_000_000, 2 ** 40));
  const clients = await openClients(addresses);
  try {
    const observers = await observeBuyer({
      userId,
      brokers: kafkaBrokers,
      notifications: clients.notifications,
      narrator,
      logger,
    });
    try {
      process.stdout.write(`This is the story of buyer ${userId}.\n`);
      await tellStory(clients, userId, narrator);
      await observers.untilSeen(eventsExpected, 20_000);
      process.stdout.write(`\nThe end: ${eventsExpected} events, and a notification for each.\n`);
    } finally {
      await observers.stop();
    }
  } finally {
    clients.close();
  }
}

async function runDemoOnOwnMesh(): Promise<void> {
  const report = createReport({ format: "readable", level: "warn" });
  const interruption = listenForInterruption(() => process.exit(1));
  report.progress("no mesh is running, so one is started for the demo");
  const mesh = await startMesh({
    config: readMeshConfig(services),
    services,
    broker,
    fresh: false,
    signal: interruption.signal,
    report: { ...report, programLine: () => {} },
  });
  try {
    const { addresses, kafkaBrokers } = mesh;
    await seedDemo({
      productAddress: addresses.product ?? "",
      lomsAddress: addresses.loms ?? "",
      onProgress: report.progress,
    });
    await runDemo({
      ...readInstallation(),
      addresses: {
        loms: addresses.loms ?? "",
        checkout: addresses.checkout ?? "",
        product: addresses.product ?? "",
        notifications: addresses.notifications ?? "",
      },
      kafkaBrokers: (kafkaBrokers ?? "").split(","),
    });
  } finally {
    interruption.close();
    await mesh.stop();
  }
}

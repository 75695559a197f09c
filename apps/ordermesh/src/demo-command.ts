import { createLogger } from "@ordermesh/telemetry/logger";
import type { Command } from "commander";
import { type MeshClients, openClients } from "./clients.ts";
import { readMeshConfig } from "./config.ts";
import { ownCredentials, type SignedIn, signIn } from "./credentials.ts";
import { createNarrator } from "./demo/narrator.ts";
import { observeBuyer } from "./demo/observers.ts";
import { sightingsExpected, tellStory } from "./demo/story.ts";
import { type Installation, readInstallation } from "./installation-config.ts";
import { listenForInterruption } from "./interruption.ts";
import { startMesh } from "./mesh.ts";
import { broker, services } from "./programs.ts";
import { createReport } from "./report.ts";
import { seedDemo } from "./seed.ts";
import { seedLocations } from "./seed-locations.ts";

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
  const signedIn: SignedIn[] = [];
  async function enter(username: Parameters<typeof signIn>[1]): Promise<SignedIn> {
    const user = await signIn(addresses, username);
    signedIn.push(user);
    return user;
  }
  const guests: MeshClients[] = [];
  async function openFor(guestToken: string): Promise<MeshClients> {
    const clients = await openClients(addresses, () => () => guestToken);
    guests.push(clients);
    return clients;
  }
  try {
    const [buyer, seller, platform] = [await enter("buyer"), await enter("seller"), await enter("platform")];
    const observers = await observeBuyer({
      userId: buyer.userId,
      brokers: kafkaBrokers,
      notifications: buyer.clients.notifications,
      narrator,
      logger,
    });
    try {
      process.stdout.write(`This is the story of buyer ${buyer.userId}, who has signed in.\n`);
      await tellStory({ buyer, seller, platform, waiter: await enter("waiter"), openFor }, narrator);
      await observers.untilSeen(sightingsExpected, 20_000);
      const { orderEvents, paymentEvents, notifications } = sightingsExpected;
      process.stdout.write(
        `\nThe end: ${orderEvents} events of orders, ${notifications} notifications, and ${paymentEvents} events of payments.\n`,
      );
    } finally {
      await observers.stop();
    }
  } finally {
    for (const clients of [...signedIn.map((user) => user.clients), ...guests]) {
      clients.close();
    }
  }
}

async function runDemoOnOwnMesh(): Promise<void> {
  const report = createReport({ format: "readable", level: "warn" });
  const interruption = listenForInterruption(() => process.exit(1));
  report.progress("no mesh is running, so one is started for the demo");
  const config = readMeshConfig(services);
  const mesh = await startMesh({
    config,
    services,
    broker,
    fresh: false,
    signal: interruption.signal,
    report: { ...report, programLine: () => {} },
  });
  try {
    const { addresses, kafkaBrokers } = mesh;
    const clients = await openClients(addresses, await ownCredentials(config.serviceKey));
    try {
      await seedDemo(clients, report.progress);
      await seedLocations(clients, addresses, report.progress);
    } finally {
      clients.close();
    }
    await runDemo({
      ...readInstallation(),
      addresses,
      kafkaBrokers: (kafkaBrokers ?? "").split(","),
    });
  } finally {
    interruption.close();
    await mesh.stop();
  }
}

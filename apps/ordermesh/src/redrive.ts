import { openDeadLetterBox } from "@ordermesh/backlog/dead-letters";
import { createKafkaClient } from "@ordermesh/kafka/client";
import type { Logger } from "@ordermesh/telemetry/logger";
import { createLogger } from "@ordermesh/telemetry/logger";
import type { Command } from "commander";
import { readInstallation } from "./installation-config.ts";

/**
 * Sends the dead letters of a consumer group back to the topic they came from, as they were, each once. Consumers that had
 * handled a record drop it by its id.
 *
 * @returns how many were sent.
 * @throws Failure `unavailable` when the broker can not be reached; what had been sent by then is noted.
 */
export async function redriveDeadLetters(options: {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  readonly logger: Logger;
}): Promise<number> {
  const { brokers, topic, group, logger } = options;
  const client = createKafkaClient({ brokers, clientId: "ordermesh-redrive", logger });
  return await openDeadLetterBox({ client, topic, group }).redrive("all");
}

export function addRedriveCommand(program: Command): void {
  program
    .command("redrive")
    .description(
      "Send dead letters of a consumer group back to their topic, once what made them fail is mended.",
    )
    .option("--topic <topic>", "the topic they came from", "orders.events.v1")
    .option("--group <group>", "the consumer group that gave them up", "notifications.order-events")
    .option("--json", "print one JSON document instead of a line")
    .action(async ({ topic, group, json }: { topic: string; group: string; json?: boolean }) => {
      const logger = createLogger({ service: "redrive", level: "error", format: "readable" });
      const { kafkaBrokers } = readInstallation();
      const sent = await redriveDeadLetters({ brokers: kafkaBrokers, topic, group, logger });
      process.stdout.write(
        json ? `${JSON.stringify({ sent })}\n` : `${sent} records sent back to ${topic}\n`,
      );
    });
}

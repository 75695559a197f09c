import { readNotificationsConfig } from "@ordermesh/app-notifications/config";
import { startNotifications } from "@ordermesh/app-notifications/service";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";

/** Several notifications services on one database, all of them members of one consumer group. */
export interface NotificationsReplicas {
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

export async function startNotificationsReplicas(
  count: number,
  brokers: readonly string[],
): Promise<NotificationsReplicas> {
  const database = await freshDatabase();
  const config = readNotificationsConfig({
    NOTIFICATIONS_HOST: "127.0.0.1",
    NOTIFICATIONS_PORT: "0",
    NOTIFICATIONS_DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers.join(","),
    AUTH: "off",
    STOP_TIMEOUT_MS: "5000",
    LOG_LEVEL: "error",
    LOG_FORMAT: "readable",
  });
  const replicas = await Promise.all(Array.from({ length: count }, () => startNotifications(config)));
  await Promise.all(replicas.map((replica) => replica.ready));
  return {
    databaseUrl: database.url,
    async stop() {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await database.drop();
    },
  };
}

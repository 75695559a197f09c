import type { KeySource } from "@ordermesh/auth/key-source";
import { type Environment, readConfig } from "@ordermesh/config/config";
import type { MeshAddresses } from "./clients.ts";
import { readOwnKeySource } from "./own-settings.ts";

/** Where a running mesh is: what the environment names, and what `up` starts otherwise. */
export interface Installation {
  readonly addresses: MeshAddresses;
  readonly databases: Readonly<Record<"loms" | "checkout" | "payments" | "notifications" | "tables", string>>;
  readonly kafkaBrokers: readonly string[];
  /** Where `verify --serve` listens, and what tells it whose tokens to believe. */
  readonly verifier: { readonly host: string; readonly port: number; readonly environment: Environment };
  /** This command line's own private key. Undefined with AUTH=off: no service asks who calls. */
  readonly serviceKey: KeySource | undefined;
}

/** @throws ConfigError that names every variable that can not be used. */
export function readInstallation(environment: Environment = process.env): Installation {
  return readConfig(environment, (read) => {
    const address = (service: string, port: number) =>
      read.string(
        `${service}_ADDRESS`,
        `127.0.0.1:${read.integer(`${service}_PORT`, { fallback: port, min: 1, max: 65_535 })}`,
      );
    const postgresPort = read.integer("POSTGRES_PORT", { fallback: 54329, min: 1, max: 65_535 });
    const database = (service: string) =>
      read.string(
        `${service}_DATABASE_URL`,
        `postgres://ordermesh:ordermesh@127.0.0.1:${postgresPort}/${service.toLowerCase()}`,
      );
    const kafkaPort = read.integer("DEVKAFKA_PORT", { fallback: 9092, min: 1, max: 65_535 });
    return {
      addresses: {
        loms: address("LOMS", 50051),
        checkout: address("CHECKOUT", 50052),
        product: address("PRODUCT", 50053),
        payments: address("PAYMENTS", 50054),
        notifications: address("NOTIFICATIONS", 50055),
        tables: address("TABLES", 50056),
        identity: address("IDENTITY", 50057),
      },
      databases: {
        loms: database("LOMS"),
        checkout: database("CHECKOUT"),
        payments: database("PAYMENTS"),
        notifications: database("NOTIFICATIONS"),
        tables: database("TABLES"),
      },
      kafkaBrokers: read.list("KAFKA_BROKERS", [`127.0.0.1:${kafkaPort}`]),
      verifier: {
        host: read.string("VERIFY_HOST", "0.0.0.0"),
        port: read.integer("VERIFY_PORT", { fallback: 50058, min: 0, max: 65_535 }),
        environment,
      },
      serviceKey: readOwnKeySource(read),
    };
  });
}

import type { KeySource } from "@ordermesh/auth/key-source";
import { type Environment, readConfig } from "@ordermesh/config/config";
import type { LogFormat, LogLevel } from "@ordermesh/telemetry/logger";
import { readDataDirectory, readOwnKeySource } from "./own-settings.ts";
import {
  type PortSetting,
  type Program,
  postgresPort,
  type Service,
  broker as standardBroker,
  services as standardServices,
} from "./programs.ts";

/** What the environment says about a mesh on this machine. */
export interface MeshConfig {
  /** Absolute. Holds postgres/, kafka/, keys/ and run/. */
  readonly dataDirectory: string;
  readonly postgresPort: number;
  /** Listening address and port of every program, by its name. Port 0 means any free one. */
  readonly addresses: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  /** Given addresses of databases, by service. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  /** Brokers to use instead of our own, as in KAFKA_BROKERS. */
  readonly kafkaBrokers: string | undefined;
  /** This command line's own private key. Undefined with AUTH=off: no service asks who calls. */
  readonly serviceKey: KeySource | undefined;
  /** Where `up` serves verifications itself; 0 takes a free one. Undefined: VERIFY_ADDRESS names somebody else. */
  readonly verifierPort: number | undefined;
  readonly logLevel: LogLevel;
  /** All of it, for the programs: what the user has set there wins over what we would set. */
  readonly environment: Environment;
}

/** @throws ConfigError that names every variable that cannot be used. */
export function readMeshConfig(
  services: readonly Service[] = standardServices,
  broker: Program = standardBroker,
  environment: Environment = process.env,
): MeshConfig {
  return readConfig(environment, (read) => {
    const port = ({ variable, standard }: PortSetting) =>
      read.integer(variable, { fallback: standard, min: 0, max: 65_535 });
    const addressOf = (program: Program) => ({
      host: read.string(program.hostVariable, "127.0.0.1"),
      port: port(program.port),
    });
    const given = services.map(({ name, databaseVariable }) => [name, read.optionalString(databaseVariable)]);
    return {
      dataDirectory: readDataDirectory(read),
      postgresPort: port(postgresPort),
      addresses: Object.fromEntries(
        [...services, broker].map((program) => [program.name, addressOf(program)]),
      ),
      databaseUrls: Object.fromEntries(given.filter(([, url]) => url !== undefined)),
      kafkaBrokers: read.optionalString("KAFKA_BROKERS"),
      serviceKey: readOwnKeySource(read),
      verifierPort:
        read.optionalString("VERIFY_ADDRESS") === undefined
          ? read.integer("VERIFY_PORT", { fallback: 50058, min: 0, max: 65_535 })
          : undefined,
      logLevel: read.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
      environment,
    };
  });
}

/** Readable lines for the person who started it, JSON for a program that asked for it. */
export function chooseLogFormat(json: boolean, environment: Environment): LogFormat {
  return json || environment.LOG_FORMAT === "json" ? "json" : "readable";
}

/** Where the shell looks for programs. */
export function readSearchPath(): string {
  return process.env.PATH ?? "";
}

/** Whether npm or npx has started us. */
export function isRunByNpm(): boolean {
  return process.env.npm_command !== undefined;
}

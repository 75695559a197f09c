import { type AuthConfig, readAuthConfig } from "@ordermesh/auth/config";
import { readTlsConfig, type TlsConfig } from "@ordermesh/auth/tls";
import { type Environment, readConfig } from "@ordermesh/config/config";
import type { Logger } from "@ordermesh/telemetry/logger";
import { startVerificationServer } from "./verification-service.ts";

/** Where the ledgers of a mesh are, by the services' names. */
export interface Ledgers {
  readonly addresses: Readonly<Record<string, string>>;
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly kafkaBrokers: string | undefined;
}

/**
 * Serves verifications of a mesh, if all of it runs.
 *
 * @returns undefined if a service is missing.
 */
export async function hostVerification(options: {
  readonly host: string;
  readonly port: number;
  readonly mesh: Ledgers;
  readonly environment: Environment;
  readonly logger: Logger;
}): Promise<{ readonly port: number; stop(): Promise<void> } | undefined> {
  const { host, port, mesh, environment, logger } = options;
  const { loms, checkout, notifications, payments, tables } = mesh.databaseUrls;
  const identity = mesh.addresses.identity;
  if (loms === undefined || identity === undefined || mesh.kafkaBrokers === undefined) {
    return undefined;
  }
  return await startVerificationServer({
    host,
    port,
    logger,
    targets: {
      lomsDatabaseUrl: loms,
      ...(checkout !== undefined && { checkoutDatabaseUrl: checkout }),
      ...(notifications !== undefined && { notificationsDatabaseUrl: notifications }),
      ...(payments !== undefined && { paymentsDatabaseUrl: payments }),
      ...(tables !== undefined && { tablesDatabaseUrl: tables }),
      kafkaBrokers: mesh.kafkaBrokers.split(","),
    },
    ...readSecurity({ IDENTITY_JWKS_URL: `http://${identity}/.well-known/jwks.json`, ...environment }),
  });
}

/** Only users call it, and it calls nobody: it has no use for the keys of services. */
function readSecurity(environment: Environment): {
  readonly auth: AuthConfig | undefined;
  readonly tls: TlsConfig | undefined;
} {
  const { auth, tls } = readConfig({ ...environment, SERVICE_KEYS: "none" }, (read) => ({
    auth: readAuthConfig(read),
    tls: readTlsConfig(read),
  }));
  return { auth: auth && { ...auth, serviceKeys: undefined, ownKey: undefined }, tls };
}

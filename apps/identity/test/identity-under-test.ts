import { randomBytes } from "node:crypto";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { type IdentityConfig, readIdentityConfig } from "../src/config.ts";
import { startIdentity } from "../src/service.ts";

export interface IdentityUnderTest {
  readonly address: string;
  readonly jwksUrl: string;
  readonly client: Client<typeof IdentityService>;
  stop(): Promise<void>;
}

export const encryptionKey = randomBytes(32).toString("base64");

/** Starts the real service on a free port, and waits until it is ready. */
export async function startIdentityUnderTest(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
  changes: Partial<IdentityConfig> = {},
): Promise<IdentityUnderTest> {
  const config = readIdentityConfig({
    IDENTITY_HOST: "127.0.0.1",
    IDENTITY_PORT: "0",
    IDENTITY_DATABASE_URL: databaseUrl,
    IDENTITY_KEY_ENCRYPTION_KEY: encryptionKey,
    // The tests say where they come from.
    TRUSTED_PROXIES: "127.0.0.1",
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
    STOP_TIMEOUT_MS: "5000",
    ...environment,
  });
  const service = await startIdentity({ ...config, ...changes });
  await service.ready.catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  const address = `127.0.0.1:${service.address.port}`;
  const { transport, close } = createGrpcTransport({
    address,
    services: [IdentityService],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 }),
    defaultTimeoutMs: 10_000,
  });
  return {
    address,
    jwksUrl: `http://${address}/.well-known/jwks.json`,
    client: createClient(IdentityService, transport),
    async stop() {
      close();
      await service.stop();
    },
  };
}

/** Call options of somebody at this address. */
export const from = (address: string) => ({ headers: { "x-forwarded-for": address } });

/** Call options of whoever has this token. */
export const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** The error that a call ends with, and the reason that it gives. */
export async function refusalOf(work: Promise<unknown>): Promise<ConnectError & { reason: string }> {
  const error = await work.then(
    () => {
      throw new Error("the call succeeded");
    },
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return Object.assign(error, { reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? "" });
}

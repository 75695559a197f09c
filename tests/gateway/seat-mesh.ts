import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readGatewayConfig } from "@ordermesh/app-gateway/config";
import { startGateway } from "@ordermesh/app-gateway/service";
import { readIdentityConfig } from "@ordermesh/app-identity/config";
import { startIdentity } from "@ordermesh/app-identity/service";
import { findFreePort } from "@ordermesh/embedded/port";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { eventually } from "@ordermesh/testkit/eventually";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { startTestIssuer } from "@ordermesh/testkit/test-issuer";
import postgres from "postgres";

/** A gateway with the real identity behind it, which is all that seats need. */
export interface SeatMesh {
  readonly url: string;
  readonly identityUrl: string;
  /** The gateway's way to identity. */
  readonly identityLink: TcpProxy;
  readonly identitySql: postgres.Sql;
  /** Another gateway before the same identity. */
  startGateway(
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly url: string; stop(): Promise<void> }>;
  /** The same as a process of its own, with all that it writes. */
  startGatewayProcess(environment: Readonly<Record<string, string>>): Promise<{
    readonly url: string;
    output(): string;
    stop(): Promise<void>;
  }>;
  stop(): Promise<void>;
}

export const password = "correct horse battery";

export async function startSeatMesh(): Promise<SeatMesh> {
  const parts = createStopList();
  const issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  const database = async () => {
    const fresh = await freshDatabase();
    parts.add("database", fresh.drop);
    return fresh.url;
  };
  const identityDatabase = await database();
  const common = { LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error", STOP_TIMEOUT_MS: "5000" };
  const identity = await startIdentity(
    readIdentityConfig({
      ...common,
      IDENTITY_HOST: "127.0.0.1",
      IDENTITY_PORT: "0",
      IDENTITY_DATABASE_URL: identityDatabase,
      IDENTITY_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
      TRUSTED_PROXIES: "127.0.0.1",
    }),
  );
  parts.add("identity", identity.stop);
  const identityLink = await startTcpProxy({ host: "127.0.0.1", port: identity.address.port });
  parts.add("identity link", identityLink.close);
  const variables = {
    ...issuer.environment("gateway"),
    ...common,
    GATEWAY_HOST: "127.0.0.1",
    GATEWAY_PORT: "0",
    GATEWAY_DATABASE_URL: await database(),
    GATEWAY_CREDENTIAL_REQUESTS_PER_SECOND: "1000",
    GATEWAY_CREDENTIAL_REQUESTS_BURST: "1000",
    IDENTITY_ADDRESS: `127.0.0.1:${identityLink.port}`,
    IDENTITY_JWKS_URL: `http://127.0.0.1:${identity.address.port}/.well-known/jwks.json`,
  };
  const start = async (environment: Readonly<Record<string, string>>) => {
    const gateway = await startGateway(readGatewayConfig({ ...variables, ...environment }));
    await gateway.ready;
    return { url: `http://127.0.0.1:${gateway.address.port}`, stop: gateway.stop };
  };
  await identity.ready;
  const gateway = await start({});
  parts.add("gateway", gateway.stop);
  const identitySql = postgres(identityDatabase, { max: 2, onnotice: () => {} });
  parts.add("identity sql", () => identitySql.end());
  return {
    url: gateway.url,
    identityUrl: `http://127.0.0.1:${identity.address.port}`,
    identityLink,
    identitySql,
    startGateway: start,
    startGatewayProcess: (environment) => startProcess({ ...variables, ...environment }),
    stop: parts.stopAll,
  };
}

async function startProcess(environment: Readonly<Record<string, string>>) {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const port = await findFreePort();
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", "apps/gateway/src/main.ts"], {
    cwd: root,
    env: { PATH: process.env.PATH, ...environment, GATEWAY_PORT: `${port}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    if (response?.status !== 200) {
      throw new Error(`It is not ready: ${output}`);
    }
  });
  return {
    url,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

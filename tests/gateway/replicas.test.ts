import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGatewayConfig } from "@ordermesh/app-gateway/config";
import { findReplicas } from "@ordermesh/app-gateway/operations/replicas";
import { startGateway } from "@ordermesh/app-gateway/service";
import { readProductConfig } from "@ordermesh/app-product/config";
import { startProduct } from "@ordermesh/app-product/service";
import { hostVerification } from "@ordermesh/ordermesh/verify/host-verification";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { createAuthority, hasOpenssl } from "@ordermesh/testkit/certificates";
import { eventually } from "@ordermesh/testkit/eventually";
import { type FreshDatabase, freshDatabase } from "@ordermesh/testkit/fresh-database";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { send } from "./http.ts";

type Environment = Readonly<Record<string, string>>;

const nobody = "127.0.0.1:1";
const others = ["LOMS", "CHECKOUT", "PAYMENTS", "NOTIFICATIONS", "IDENTITY", "TABLES", "VERIFY"];
const common = { LOG_LEVEL: "error", STOP_TIMEOUT_MS: "5000" };
const parts = createStopList();
let issuer: TestIssuer;
let products: FreshDatabase;
let gateways: FreshDatabase;
let operator: string;

beforeAll(async () => {
  issuer = await startTestIssuer();
  parts.add("issuer", issuer.close);
  products = await freshDatabase();
  parts.add("database of product", products.drop);
  gateways = await freshDatabase();
  parts.add("database of the gateway", gateways.drop);
  operator = `Bearer ${await issuer.userToken(5, ["operator"])}`;
});

afterAll(() => parts.stopAll());

async function startReplica(environment: Environment = {}) {
  const product = await startProduct(
    readProductConfig({
      ...issuer.environment("product"),
      ...common,
      PRODUCT_HOST: "127.0.0.1",
      PRODUCT_PORT: "0",
      PRODUCT_DATABASE_URL: products.url,
      ...environment,
    }),
  );
  await product.ready;
  return { address: `127.0.0.1:${product.address.port}`, stop: product.stop };
}

async function startEdge(environment: Environment) {
  const gateway = await startGateway(
    readGatewayConfig({
      ...issuer.environment("gateway"),
      ...common,
      GATEWAY_HOST: "127.0.0.1",
      GATEWAY_PORT: "0",
      GATEWAY_DATABASE_URL: gateways.url,
      ...Object.fromEntries(others.map((name) => [`${name}_ADDRESS`, nobody])),
      ...environment,
    }),
  );
  await gateway.ready;
  return gateway;
}

test("each replica of a service is told by itself, also the one that is gone", async () => {
  const replicas = [await startReplica(), await startReplica()];
  const addresses = replicas.map(({ address }) => address);
  const gateway = await startEdge({ PRODUCT_ADDRESS: addresses.join(",") });
  const url = `http://127.0.0.1:${gateway.address.port}`;
  const ask = async () => {
    const { json } = await send("GET", `${url}/v1/operations/services`, { authorization: operator });
    const state = json.services.find((one: { service: string }) => one.service === "product");
    return state.replicas as { address: string; ready: boolean; problem: string; figures?: object }[];
  };
  try {
    const both = await eventually(async () => {
      const found = await ask();
      for (const replica of found) {
        expect(replica).toMatchObject({ ready: true, problem: "", figures: { version: "0.1.0" } });
      }
      return found;
    });
    expect(both.map(({ address }) => address)).toEqual([...addresses].sort());
    // Calls go to one and the other, and each counts its own.
    await eventually(async () => {
      await send("GET", `${url}/v1/products`, { authorization: operator });
      for (const { figures } of await ask()) {
        expect(figures).toMatchObject({ callsPerSecond: expect.any(Number) });
        expect((figures as { callsPerSecond: number }).callsPerSecond).toBeGreaterThan(0);
      }
    });
    await replicas[0]!.stop();
    const found = new Map((await ask()).map((replica) => [replica.address, replica]));
    expect(found.get(addresses[0]!)).toMatchObject({ ready: false, problem: "nothing listens there" });
    expect(found.get(addresses[0]!)?.figures).toBeUndefined();
    expect(found.get(addresses[1]!)).toMatchObject({ ready: true, problem: "" });
  } finally {
    await gateway.stop();
    await replicas[1]!.stop();
  }
});

test("a name stands for all that it resolves to, each of them once", async () => {
  const found = await findReplicas("localhost:7001, 127.0.0.1:7001,127.0.0.1:7002,[::1]:7003");
  expect(found).toEqual(expect.arrayContaining(["127.0.0.1:7001", "127.0.0.1:7002", "[::1]:7003"]));
  expect(new Set(found).size).toBe(found.length);
  await expect(findReplicas("no-such-host.invalid:7001")).rejects.toThrow();
});

const hasCertificates = await hasOpenssl();
describe.skipIf(!hasCertificates)("with certificates between services", () => {
  test("replicas, the verifier and the gateway itself are asked as every other caller asks them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "operations-tls-"));
    const authority = await createAuthority();
    const filesOf = async (service: string): Promise<Environment> => {
      const { certificate, key } = await authority.sign(`DNS:${service},IP:127.0.0.1`);
      const files = {
        TLS_CERT_FILE: join(folder, `${service}.crt`),
        TLS_KEY_FILE: join(folder, `${service}.key`),
        TLS_CA_FILE: join(folder, "ca.crt"),
      };
      await writeFile(files.TLS_CERT_FILE, certificate);
      await writeFile(files.TLS_KEY_FILE, key);
      await writeFile(files.TLS_CA_FILE, authority.certificate);
      return files;
    };
    const product = await startReplica(await filesOf("product"));
    const verifier = await hostVerification({
      host: "127.0.0.1",
      port: 0,
      mesh: {
        addresses: { identity: nobody },
        databaseUrls: { loms: products.url },
        kafkaBrokers: nobody,
      },
      environment: { IDENTITY_JWKS_URL: issuer.jwksUrl, ...(await filesOf("verify")) },
      logger: testLogger(),
    });
    const gateway = await startEdge({
      ...(await filesOf("gateway")),
      GATEWAY_TLS: "1",
      PRODUCT_ADDRESS: product.address,
      VERIFY_ADDRESS: `127.0.0.1:${verifier!.port}`,
    });
    const get = (path: string) =>
      new Promise<{ readonly status: number | undefined; readonly json: ReturnType<typeof JSON.parse> }>(
        (resolve, reject) => {
          const options = {
            ca: authority.certificate,
            servername: "gateway",
            headers: { authorization: operator },
          };
          request(`https://127.0.0.1:${gateway.address.port}${path}`, options, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () =>
              resolve({ status: response.statusCode, json: JSON.parse(Buffer.concat(chunks).toString()) }),
            );
          })
            .on("error", reject)
            .end();
        },
      );
    try {
      await eventually(async () => {
        const { json } = await get("/v1/operations/services");
        const states = new Map(json.services.map((one: { service: string }) => [one.service, one]));
        for (const name of ["product", "gateway"]) {
          expect(states.get(name), name).toMatchObject({
            replicas: [{ ready: true, problem: "", figures: { version: "0.1.0" } }],
          });
        }
      });
      expect(await get("/v1/operations/verification")).toMatchObject({
        status: 404,
        json: { reason: "NEVER_VERIFIED" },
      });
      // Whoever has no certificate is not even heard.
      await expect(fetch(`http://${product.address}/readyz`)).rejects.toThrow();
    } finally {
      await gateway.stop();
      await verifier!.stop();
      await product.stop();
      await rm(folder, { recursive: true });
      await authority.close();
    }
  });
});

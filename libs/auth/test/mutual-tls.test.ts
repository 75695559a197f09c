import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { readConfig } from "@ordermesh/config/config";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import type { ClientTls } from "@ordermesh/rpc/client-channels";
import { type RpcServer, startRpcServer } from "@ordermesh/rpc/server";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing, type Tracing } from "@ordermesh/telemetry/tracing";
import { type Authority, createAuthority, hasOpenssl, type Identity } from "@ordermesh/testkit/certificates";
import { startTestIssuer, type TestIssuer } from "@ordermesh/testkit/test-issuer";
import { testLogger } from "@ordermesh/testkit/test-logger";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAuth } from "../src/auth.ts";
import { loadTls, readTlsConfig, type Tls } from "../src/tls.ts";

const available = await hasOpenssl();
if (!available) {
  process.stdout.write("mutual-tls.test.ts: skipped, there is no openssl to make certificates with\n");
}

describe.skipIf(!available)("S08: certificates between services", () => {
  let folder: string;
  let authority: Authority;
  let stranger: Authority;
  let issuer: TestIssuer;
  let tracing: Tracing;
  let loms: RpcServer;
  let callers: string[] = [];

  /** The TLS settings of a service, from files, as its environment names them. */
  async function tlsOf(identity: Identity): Promise<Tls> {
    const files = {
      TLS_CERT_FILE: join(folder, "tls.crt"),
      TLS_KEY_FILE: join(folder, "tls.key"),
      TLS_CA_FILE: join(folder, "ca.crt"),
    };
    await writeFile(files.TLS_CERT_FILE, identity.certificate);
    await writeFile(files.TLS_KEY_FILE, identity.key);
    await writeFile(files.TLS_CA_FILE, authority.certificate);
    const { tls } = readConfig(files, (read) => ({ tls: readTlsConfig(read) }));
    return (await loadTls(tls))!;
  }

  /** What a call to loms comes to: who it was for loms, or the code. */
  async function call(tls: ClientTls | undefined, token: string): Promise<string> {
    const { transport, close } = createGrpcTransport({
      address: `127.0.0.1:${loms.address.port}`,
      services: [InventoryService],
      metrics: createMetrics({ service: "test", version: "0" }),
      tracing,
      defaultTimeoutMs: 5_000,
      tls,
      credentials: () => token,
    });
    try {
      callers = [];
      await createClient(InventoryService, transport).getAvailability({ skus: [1] });
      return callers.join();
    } catch (error) {
      expect(callers).toEqual([]);
      const { code, rawMessage } = ConnectError.from(error);
      return `${Code[code]}${rawMessage.includes("certificate is not") ? ": another's certificate" : ""}`;
    } finally {
      close();
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mutual-tls-"));
    authority = await createAuthority();
    stranger = await createAuthority();
    issuer = await startTestIssuer();
    tracing = await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 0 });
    const auth = await openAuth({
      config: issuer.authConfig("loms"),
      service: "loms",
      logger: testLogger(),
    });
    loms = await startRpcServer({
      host: "127.0.0.1",
      port: 0,
      services: [
        bindService(InventoryService, {
          getAvailability(_, context) {
            const { principal } = callOf(context);
            callers.push(principal.kind === "service" ? principal.name : principal.kind);
            return {};
          },
          reserve: () => ({}),
          commitReservation: () => ({}),
          releaseReservation: () => ({}),
          listStock: () => ({}),
          listStockHolds: () => ({}),
          listStockMovements: () => ({}),
          getStockTrend: () => ({}),
        }),
      ],
      logger: testLogger(),
      metrics: createMetrics({ service: "loms", version: "0" }),
      tracing,
      reflection: false,
      authorize: auth.authorize(),
      tls: (await tlsOf(await authority.sign("DNS:loms"))).server,
    });
  });

  afterAll(async () => {
    await loms.stop(2_000);
    await issuer.close();
    await tracing.stop();
    await authority.close();
    await stranger.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tokenOf = (service: string) => issuer.serviceToken(service, "loms");

  test("a service with its own certificate and token gets through, on both stacks", async () => {
    const own = await authority.sign("DNS:checkout");
    const tls = await tlsOf(own);
    expect(await call(tls.client("loms"), await tokenOf("checkout"))).toBe("checkout");
    const spiffe = await tlsOf(await authority.sign("URI:spiffe://ordermesh/ns/shop/checkout"));
    expect(await call(spiffe.client("loms"), await tokenOf("checkout"))).toBe("checkout");

    const overHttp1 = createConnectTransport({
      baseUrl: `https://127.0.0.1:${loms.address.port}`,
      httpVersion: "1.1",
      nodeOptions: { ca: authority.certificate, cert: own.certificate, key: own.key, servername: "loms" },
    });
    callers = [];
    const http1 = createClient(InventoryService, overHttp1);
    const as = async (service: string) => ({
      headers: { authorization: `Bearer ${await tokenOf(service)}` },
    });
    await http1.getAvailability({ skus: [1] }, await as("checkout"));
    expect(callers).toEqual(["checkout"]);
    const stolen = await http1.getAvailability({ skus: [1] }, await as("gateway")).catch(ConnectError.from);
    expect(stolen).toMatchObject({ code: Code.Unauthenticated });
  });

  test("without a certificate, with another authority's, or with an expired one nobody gets in", async () => {
    const token = await tokenOf("checkout");
    const ca = { authority: authority.certificate, serverName: "loms" };
    expect(await call(undefined, token)).toBe("Unavailable");
    expect(await call(ca, token)).toBe("Unavailable");
    expect(await call({ ...ca, ...(await stranger.sign("DNS:checkout")) }, token)).toBe("Unavailable");
    expect(await call({ ...ca, ...(await authority.sign("DNS:checkout", -1)) }, token)).toBe("Unavailable");
    // It is the certificate that decides.
    expect(await call({ ...ca, ...(await authority.sign("DNS:checkout")) }, token)).toBe("checkout");
  });

  test("a stolen token is of no use with another service's certificate", async () => {
    const { client } = await tlsOf(await authority.sign("DNS:notifications,DNS:checkout.evil"));
    expect(await call(client("loms"), await tokenOf("checkout"))).toBe(
      "Unauthenticated: another's certificate",
    );
  });

  test("a service that may not call this method is told so", async () => {
    const { client } = await tlsOf(await authority.sign("DNS:notifications"));
    expect(await call(client("loms"), await tokenOf("notifications"))).toBe("PermissionDenied");
  });

  test("a caller does not talk to a service with another name", async () => {
    const { client } = await tlsOf(await authority.sign("DNS:checkout"));
    expect(await call(client("payments"), await tokenOf("checkout"))).toBe("Unavailable");
  });

  test("a user's token is a user's, whatever certificate it came with", async () => {
    const { client } = await tlsOf(await authority.sign("DNS:gateway"));
    expect(await call(client("loms"), await issuer.userToken(7, ["buyer"]))).toBe("user");
  });
});

describe("the settings", () => {
  const read = (environment: Record<string, string>) =>
    readConfig(environment, (reader) => ({ tls: readTlsConfig(reader) })).tls;

  test("none are needed", () => expect(read({})).toBeUndefined());

  test.each([
    [{ TLS_CERT_FILE: "a" }, "TLS_CERT_FILE and TLS_KEY_FILE belong together"],
    [{ TLS_CA_FILE: "a" }, "TLS_CERT_FILE and TLS_KEY_FILE belong together"],
    [{ TLS_CERT_FILE: "a", TLS_KEY_FILE: "b", TLS_REQUIRE_CLIENT_CERT: "1" }, "needs TLS_CA_FILE"],
  ])("half of them are refused: %j", (environment, problem) => {
    expect(() => read(environment as Record<string, string>)).toThrow(problem);
  });

  test("a file that is not there is named", async () => {
    const tls = read({ TLS_CERT_FILE: "/nowhere/tls.crt", TLS_KEY_FILE: "/nowhere/tls.key" });
    await expect(loadTls(tls)).rejects.toThrow("/nowhere/tls.crt");
  });
});

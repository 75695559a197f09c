import { createConnection } from "node:net";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createGrpcTransport as createConnectGrpcTransport,
  createConnectTransport,
} from "@connectrpc/connect-node";
import { type Authority, createAuthority, hasOpenssl, type Identity } from "@ordermesh/testkit/certificates";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GrpcTransportOptions } from "../src/client.ts";
import { EchoService } from "./echo-contract.ts";
import { connectTo, type EchoServer, startEchoServer } from "./echo-server.ts";

const available = await hasOpenssl();
if (!available) {
  process.stdout.write("tls.test.ts: skipped, there is no openssl to make certificates with\n");
}

describe.skipIf(!available)("TLS", () => {
  let authority: Authority;
  let stranger: Authority;
  let serverIdentity: Identity;
  let clientIdentity: Identity;
  let server: EchoServer;
  let mutual: EchoServer;

  beforeAll(async () => {
    authority = await createAuthority();
    stranger = await createAuthority();
    serverIdentity = await authority.sign("IP:127.0.0.1,DNS:loms.internal");
    clientIdentity = await authority.sign("DNS:checkout");
    server = await startEchoServer({ tls: serverIdentity, limits: { sniffTimeoutMs: 300 } });
    mutual = await startEchoServer({ tls: { ...serverIdentity, clientAuthority: authority.certificate } });
  });

  afterAll(async () => {
    await server.stop(2_000);
    await mutual.stop(2_000);
    await authority.close();
    await stranger.close();
  });

  async function callOver(transport: Transport): Promise<string> {
    const client = createClient(EchoService, transport);
    const { text } = await client.echo({ text: "in secret" });
    let streamed = 0;
    for await (const _ of client.repeat({ count: 3 })) {
      streamed += 1;
    }
    return `${text}, ${streamed} streamed`;
  }

  async function callOurs(to: EchoServer, tls: GrpcTransportOptions["tls"]): Promise<string> {
    const { transport, close } = await connectTo([to], { tls });
    try {
      return await callOver(transport);
    } catch (error) {
      return Code[ConnectError.from(error).code] ?? "";
    } finally {
      close();
    }
  }

  const ok = "in secret, 3 streamed";

  test("both stacks are served on the one port", async () => {
    const ca = authority.certificate;
    expect(await callOurs(server, { authority: ca })).toBe(ok);
    const nodeOptions = { ca };
    expect(await callOver(createConnectGrpcTransport({ baseUrl: server.url, nodeOptions }))).toBe(ok);
    expect(
      await callOver(createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", nodeOptions })),
    ).toBe(ok);
  });

  test("a client checks whom it talks to", async () => {
    expect(await callOurs(server, { authority: stranger.certificate })).toBe("Unavailable");
    expect(
      await callOurs(server, { authority: authority.certificate, serverName: "payments.internal" }),
    ).toBe("Unavailable");
    expect(await callOurs(server, { authority: authority.certificate, serverName: "loms.internal" })).toBe(
      ok,
    );
  });

  test("a client without TLS gets nothing", async () => {
    expect(await callOurs(server, undefined)).toBe("Unavailable");
  });

  test("a handshake that never ends is cut off", async () => {
    const socket = createConnection(server.address.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(Buffer.from([0x16, 0x03, 0x01]));
    await new Promise<void>((resolve) => socket.on("close", () => resolve()));
  });

  test("a handshake that is under way does not hold up the stop", async () => {
    const stopping = await startEchoServer({ tls: serverIdentity });
    const socket = createConnection(stopping.address.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
    // By now the server has seen the connection: it answers another one.
    expect(await callOurs(stopping, { authority: authority.certificate })).toBe(ok);
    await stopping.stop(200);
    await closed;
  });

  test("with a client authority, only its own get in, on both stacks", async () => {
    const ca = authority.certificate;
    const { certificate, key } = clientIdentity;
    expect(await callOurs(mutual, { authority: ca, certificate, key })).toBe(ok);
    const nodeOptions = { ca, cert: certificate, key };
    expect(
      await callOver(createConnectTransport({ baseUrl: mutual.url, httpVersion: "1.1", nodeOptions })),
    ).toBe(ok);

    mutual.state.started = 0;
    const other = await stranger.sign("DNS:checkout");
    expect(await callOurs(mutual, { authority: ca })).toBe("Unavailable");
    expect(await callOurs(mutual, { authority: ca, ...other })).toBe("Unavailable");
    const nameless = createConnectTransport({ baseUrl: mutual.url, httpVersion: "1.1", nodeOptions: { ca } });
    await expect(callOver(nameless)).rejects.toThrow();
    expect(mutual.state.started).toBe(0);
  });
});

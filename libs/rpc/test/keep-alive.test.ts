import { Agent, get } from "node:http";
import { expect, test } from "vitest";
import { startEchoServer } from "./echo-server.ts";

/*
 * Prometheus and load balancers ask for a page again and again on one connection. Each request left a listener on its
 * socket, so that a connection which lived for days grew without end.
 */
test("a hundred requests on one connection leave nothing behind on it", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  const server = await startEchoServer();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  try {
    for (let index = 0; index < 100; index += 1) {
      await new Promise<void>((resolve, reject) => {
        const request = get(
          { agent, host: "127.0.0.1", port: server.address.port, path: "/livez" },
          (response) => {
            expect(response.statusCode).toBe(200);
            ports.add(response.socket.localPort);
            response.resume().once("end", resolve);
          },
        );
        request.once("error", reject);
      });
    }
    expect(ports.size).toBe(1);
    expect(warnings.map((warning) => warning.message)).toEqual([]);
  } finally {
    process.off("warning", onWarning);
    agent.destroy();
    await server.stop(1_000);
  }
});

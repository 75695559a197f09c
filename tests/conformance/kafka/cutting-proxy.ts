import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { ISocketFactory } from "kafkajs";

/** A TCP proxy in front of the broker that loses responses or whole connections on demand. */
export interface CuttingProxy {
  /** Makes a kafkajs client go through the proxy, whatever address the broker tells it. */
  readonly socketFactory: ISocketFactory;
  /** Lets the next request through and cuts its connection when the broker answers. */
  loseNextResponse(): void;
  /** How many responses were lost. */
  lostResponses(): number;
  /** Cuts every connection and takes no more: the client is gone without a word. */
  isolate(): void;
  stop(): Promise<void>;
}

export async function startCuttingProxy(broker: string): Promise<CuttingProxy> {
  const { hostname: host, port } = new URL(`tcp://${broker}`);
  const sockets = new Set<Socket>();
  let isArmed = false;
  let isIsolated = false;
  let lost = 0;

  function track(socket: Socket): Socket {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    return socket;
  }

  const server = createServer((client) => {
    if (isIsolated) {
      client.destroy();
      return;
    }
    track(client);
    const upstream = track(connect({ host, port: Number(port) }));
    let losesResponse = false;
    client.on("data", (request) => {
      if (isArmed) {
        isArmed = false;
        losesResponse = true;
      }
      upstream.write(request);
    });
    upstream.on("data", (response) => {
      if (losesResponse) {
        lost += 1;
        client.destroy();
        upstream.destroy();
      } else {
        client.write(response);
      }
    });
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxyPort = (server.address() as AddressInfo).port;

  const destroyAll = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    socketFactory: ({ onConnect }) => connect({ host: "127.0.0.1", port: proxyPort }, onConnect),
    loseNextResponse() {
      isArmed = true;
    },
    lostResponses: () => lost,
    isolate() {
      isIsolated = true;
      destroyAll();
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      destroyAll();
      await closed;
    },
  };
}

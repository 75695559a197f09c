import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { findFreePort } from "@ordermesh/embedded/port";
import { createStopList } from "@ordermesh/process/stop-in-order";
import { startTcpProxy, type TcpProxy } from "@ordermesh/testkit/tcp-proxy";
import { type MeshProcess, startMeshProcess } from "../harness/mesh-process.ts";
import { webMeshSettings } from "./global-setup.ts";

/** A mesh of one test's own, in which things go wrong: nobody else may be hurt by that. */
export interface OperationsMesh {
  readonly url: string;
  readonly mesh: MeshProcess;
  /** The gateway's way to notifications: cut, they are away for it. */
  readonly notificationsLink: TcpProxy;
  /** Where webhooks go. It refuses them until it is mended. */
  readonly receiver: { readonly url: string; received(): number; mend(): void };
  stop(): Promise<void>;
}

export async function startOperationsMesh(): Promise<OperationsMesh> {
  const parts = createStopList();
  const port = await findFreePort();
  const notificationsLink = await startTcpProxy({ host: "127.0.0.1", port });
  parts.add("notifications link", notificationsLink.close);
  const receiver = await startReceiver();
  parts.add("receiver", receiver.stop);
  const mesh = await startMeshProcess({
    ...webMeshSettings,
    NOTIFICATIONS_PORT: `${port}`,
    NOTIFICATIONS_ADDRESS: `127.0.0.1:${notificationsLink.port}`,
    WEBHOOK_ALLOW_HTTP: "true",
    WEBHOOK_ALLOW_PRIVATE: "true",
    WEBHOOK_BACKOFF_BASE_MS: "1",
  });
  parts.add("mesh", async () => void (await mesh.stop()));
  return {
    url: `http://${mesh.addresses.gateway}`,
    mesh,
    notificationsLink,
    receiver,
    stop: parts.stopAll,
  };
}

async function startReceiver() {
  let isMended = false;
  let received = 0;
  const server = createServer((request, response) => {
    request.resume();
    received += isMended ? 1 : 0;
    response.writeHead(isMended ? 204 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received: () => received,
    mend() {
      isMended = true;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that receives webhooks on this machine, and answers as a test wants. */
export interface WebhookReceiver {
  readonly port: number;
  readonly calls: ReceivedCall[];
  /** Calls of one path. */
  callsOf(path: string): ReceivedCall[];
  /** How calls of a path are answered; 204 unless told otherwise. */
  answer(path: string, respond: (response: ServerResponse, call: number) => void): void;
  close(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = [];
  const answers = new Map<string, (response: ServerResponse, call: number) => void>();
  const callsOf = (path: string) => calls.filter((call) => call.path === path);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const path = request.url ?? "";
    calls.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const respond = answers.get(path);
    if (respond === undefined) {
      response.writeHead(204).end();
    } else {
      respond(response, callsOf(path).length);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    callsOf,
    answer(path, respond) {
      answers.set(path, respond);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { Failure, type FailureKind } from "@ordermesh/failure/failure";
import type { Page } from "@ordermesh/rpc/http-handler";
import { handleProviderEvent, type ProviderEventOptions } from "../handle-provider-event.ts";
import { signatureHeader } from "../sandbox/webhook-loop.ts";

/** An event is a few hundred bytes. */
const bodyBytesMax = 64 * 1024;

const statuses: Readonly<Partial<Record<FailureKind, number>>> = {
  unauthenticated: 401,
  invalid_argument: 400,
  // The provider tries again.
  unavailable: 503,
  aborted: 503,
};

/** The webhook as providers know it: POST, the event as the body, its signature in a header. 2xx, also for repeats. */
export function createWebhookPage(options: ProviderEventOptions): Page {
  return async (request, response) => {
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      answer(response, 405, "Use POST.");
      return;
    }
    const payload = await readBody(request);
    if (payload === undefined) {
      answer(response, 413, `An event has at most ${bodyBytesMax} bytes.`);
      return;
    }
    const signature = request.headers[signatureHeader];
    try {
      const { changed } = await handleProviderEvent(
        options,
        payload,
        typeof signature === "string" ? signature : "",
        Date.now() / 1000,
      );
      answer(response, 200, changed ? "taken" : "nothing new");
    } catch (error) {
      const status = error instanceof Failure ? statuses[error.kind] : undefined;
      if (!(error instanceof Failure) || status === undefined) {
        throw error;
      }
      answer(response, status, error.message);
    }
  };
}

/** @returns undefined if there is too much of it. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyBytesMax) {
      return undefined;
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

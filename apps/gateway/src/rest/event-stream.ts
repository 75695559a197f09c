import type { ServerResponse } from "node:http";
import type { JsonValue, Message } from "@bufbuild/protobuf";
import { problemAnswer, sendAnswer } from "./answer.ts";

/**
 * Sends messages as server-sent events: the message is the data, its cursor the id, with which a browser resumes by
 * itself. The head is sent with the first message, so that a stream which fails at once has a proper status. Never
 * rejects.
 */
export async function sendEvents(options: {
  readonly response: ServerResponse;
  readonly messages: AsyncIterable<Message>;
  readonly traceId: string;
  readonly toJson: (message: Message) => JsonValue;
  readonly onFirst: () => void;
}): Promise<void> {
  const { response, messages, traceId, toJson, onFirst } = options;
  try {
    for await (const message of messages) {
      onFirst();
      if (response.destroyed) {
        return;
      }
      if (!response.headersSent) {
        response.writeHead(200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
      }
      const json = toJson(message);
      if (!response.write(eventText(cursorOf(json), JSON.stringify(json)))) {
        await untilWritable(response);
      }
    }
    endEvents(response);
  } catch (error) {
    const problem = problemAnswer(error, traceId);
    if (!response.headersSent) {
      sendAnswer(response, problem);
    } else if (!response.destroyed) {
      response.write(`event: problem\ndata: ${problem.body}\n\n`);
      response.end();
    }
  } finally {
    onFirst();
  }
}

/** A client that reads nothing loses its connection after a while: the port sees to that. */
function untilWritable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

function endEvents(response: ServerResponse): void {
  if (!response.headersSent) {
    response.writeHead(200, { "content-type": "text/event-stream" });
  }
  response.end();
}

function cursorOf(json: JsonValue): string {
  const cursor = typeof json === "object" && json !== null && !Array.isArray(json) ? json.cursor : undefined;
  return typeof cursor === "string" && /^[^\r\n]+$/.test(cursor) ? cursor : "";
}

/** JSON has no line breaks, so that the data is one line. */
function eventText(id: string, data: string): string {
  return `${id === "" ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

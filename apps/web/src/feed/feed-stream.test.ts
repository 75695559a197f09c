import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { FeedService } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { expect, test } from "vitest";
import type { FeedStatus } from "./feed-status.ts";
import { runFeedStream } from "./feed-stream.ts";

/** The first statuses of a stream, whose service answers each try in turn with a heartbeat and an end, or with nothing. */
async function statusesOf(
  answers: readonly ("beats" | "refuses")[],
  count: number,
): Promise<readonly FeedStatus[]> {
  let tries = 0;
  const transport = createRouterTransport(({ service }) => {
    service(FeedService, {
      async *watch() {
        const answer = answers[Math.min(tries, answers.length - 1)];
        tries += 1;
        if (answer === "refuses") {
          throw new ConnectError("away", Code.Unavailable);
        }
        yield { event: { case: "heartbeat" as const, value: {} } };
      },
    });
  });
  const stopping = new AbortController();
  const statuses: FeedStatus[] = [];
  await new Promise<void>((resolve) => {
    runFeedStream({
      client: createClient(FeedService, transport),
      topics: () => [{ name: "orders/mine", cursor: "" }],
      onUpdate: () => {},
      onStatus(status) {
        statuses.push(status);
        if (statuses.length === count) {
          resolve();
        }
      },
      renewToken: async () => undefined,
      signal: stopping.signal,
    });
  });
  stopping.abort();
  return statuses;
}

test("a stream that was never there keeps saying so, and does not connect anew in between", async () => {
  expect(await statusesOf(["refuses"], 4)).toEqual([
    { kind: "connecting" },
    { kind: "reconnecting", since: undefined },
    { kind: "reconnecting", since: undefined },
    { kind: "reconnecting", since: undefined },
  ]);
});

test("a stream that breaks says since when, and is live again with the next word of the service", async () => {
  const statuses = await statusesOf(["beats", "refuses", "beats"], 5);
  expect(statuses.map(({ kind }) => kind)).toEqual([
    "connecting",
    "live",
    "reconnecting",
    "reconnecting",
    "live",
  ]);
  expect(statuses[2]).toEqual({ kind: "reconnecting", since: expect.any(Number) });
});

import { expect, test } from "vitest";
import { parseTraceparent, startTracing, traceIdOf, traceparentOf } from "./tracing.ts";

const recorded = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const unrecorded = recorded.replace(/01$/, "00");

const silent = () => startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 });

test("a process that records nothing passes a trace on as it came, recorded or not", async () => {
  const tracing = await silent();
  expect(traceparentOf(tracing.startSpan("call", recorded))).toBe(recorded);
  expect(traceparentOf(tracing.startSpan("call", unrecorded))).toBe(unrecorded);
  await tracing.stop();
});

test("a call without a trace, or with a malformed one, gets a new one that is not recorded", async () => {
  const tracing = await silent();
  for (const traceparent of [
    undefined,
    "",
    "nonsense",
    `${recorded}x`,
    recorded.replace(/0af7\w+-/, `${"0".repeat(32)}-`),
  ]) {
    const made = traceparentOf(tracing.startSpan("call", traceparent));
    expect(traceIdOf(made)).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf(made)).not.toBe(traceIdOf(recorded));
    expect(made).toMatch(/-00$/);
  }
  await tracing.stop();
});

test("a recording process makes spans of its own below the one that came", async () => {
  const tracing = await startTracing({
    service: "test",
    version: "0",
    // Nobody listens there: what can not be sent is dropped.
    endpoint: "http://127.0.0.1:9",
    sampleRatio: 1,
  });
  const made = traceparentOf(tracing.startSpan("call", recorded));
  expect(traceIdOf(made)).toBe(traceIdOf(recorded));
  expect(parseTraceparent(made)?.spanId).not.toBe(parseTraceparent(recorded)?.spanId);
  expect(made).toMatch(/-01$/);
  await tracing.stop();
});

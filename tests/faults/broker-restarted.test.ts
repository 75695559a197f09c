import { testLength } from "@ordermesh/testkit/test-length";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { startLomsReplicas } from "../harness/loms-replicas.ts";
import { placeOrdersThroughBrokerFaults } from "../harness/orders-through-broker-faults.ts";

/*
 * F08, on one broker: it goes away and comes back while orders are placed. Nobody who buys notices; what is to be told
 * waits in the outbox and is told in order.
 */

/** The short form is content with the harder one of the two. */
const replicaCounts = testLength() === "long" ? [1, 3] : [3];
const runs = replicaCounts.map((replicas) => ({
  replicas,
  run: faultRun(`broker restarted, ${replicas} running`, { short: 1, whole: 3, long: 20 }),
}));

test.each(runs)(
  "the broker restarted under load, $replicas running: no call fails and no event is lost",
  { timeout: Math.max(...runs.map(({ run }) => run.timeoutMs(15_000))) },
  async ({ replicas, run }) => {
    const loms = await startLomsReplicas(replicas);
    onTestFinished(loms.stop);
    const counts = await placeOrdersThroughBrokerFaults({
      run,
      loms,
      replicas,
      async breakBroker() {
        await loms.broker.stop();
        return loms.broker.start;
      },
    });
    run.report(counts);
    // Without events that had to wait, the broker was away when nobody needed it.
    expect(counts["events that waited at most"]).toBeGreaterThan(20);
  },
);

import { expect, onTestFinished, test } from "vitest";
import { hasApacheKafka, startApacheKafka } from "../harness/apache-kafka.ts";
import { faultRun } from "../harness/fault-run.ts";
import { startLomsReplicas } from "../harness/loms-replicas.ts";
import { placeOrdersThroughBrokerFaults } from "../harness/orders-through-broker-faults.ts";
import { startPublisher } from "../harness/publisher.ts";

/*
 * F08, for real: three brokers of Apache Kafka, three copies of every record, two of which a write waits for. One
 * broker after the other is restarted or killed while orders are placed. Nobody who buys notices, and the events are
 * told in order all the same.
 *
 * Beside it records are published to a topic of their own, as fast as they are taken: kafkajs once acknowledged some
 * that it had sent to nobody.
 */

const topic = "orders.events.v1";
const claim = "a broker of three restarted or killed";
const run = faultRun(claim, { short: 1, whole: 2, long: 20 });

test.skipIf(!hasApacheKafka(claim))(
  "one of three brokers restarted or killed under load: no call fails and no event is lost",
  { timeout: run.timeoutMs(60_000) },
  async () => {
    const kafka = await startApacheKafka(3);
    onTestFinished(kafka.remove);
    const loms = await startLomsReplicas(3, {}, kafka);
    onTestFinished(loms.stop);
    const publisher = await startPublisher(kafka.brokers);
    onTestFinished(publisher.abandon);
    let kills = 0;
    let partitionsLed = 0;

    const counts = await placeOrdersThroughBrokerFaults({
      run,
      loms,
      replicas: 3,
      async breakBroker() {
        // One at a time: without two copies in sync a write has to wait for as long as it takes.
        expect(await kafka.untilInSync(topic)).toBe(3);
        const broker = run.random.pick(kafka.members);
        partitionsLed += (await kafka.countLed(topic)).get(broker.id) ?? 0;
        if (run.random.next() < 0.5) {
          kills += 1;
          await broker.kill();
        } else {
          await broker.stop();
        }
        return broker.start;
      },
    });
    const { acknowledged, failures, missing } = await publisher.finish();
    run.report({
      kills,
      restarts: run.rounds - kills,
      "partitions led by them": partitionsLed,
      ...counts,
      acknowledged,
      "publishing calls that failed": failures,
    });
    expect(missing).toEqual([]);
    // A broker that led nothing was not missed.
    expect(partitionsLed).toBeGreaterThan(0);
  },
);

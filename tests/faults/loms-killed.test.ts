import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { byLength } from "@ordermesh/testkit/test-length";
import { expect, onTestFinished, test } from "vitest";
import { faultRun } from "../harness/fault-run.ts";
import { startInstallation } from "../harness/installation.ts";
import { expectAllStored, receiveStock, startOrderLoad } from "../harness/order-load.ts";

/*
 * F01: LOMS is killed with SIGKILL at random moments while forty clients place, pay and cancel orders. Every client
 * repeats what got no answer, with the same key. Whatever was answered must be there afterwards, once.
 */

const skus = Array.from({ length: 20 }, (_, index) => index + 1);
/** The short form is content with the harder one of the two. */
const replicaCounts = byLength({ short: [3], whole: [1, 3] });
const runs = replicaCounts.map((replicas) => ({
  replicas,
  run: faultRun(`LOMS killed, ${replicas} running`, { short: 1, whole: 2, long: 100 }),
}));

test.each(runs)(
  "killed under load, $replicas running, it loses nothing and does nothing twice",
  { timeout: Math.max(...runs.map(({ run }) => run.timeoutMs(10_000))) },
  async ({ replicas, run }) => {
    const { random } = run;
    const installation = await startInstallation({
      replicas: { loms: replicas, product: 0, checkout: 0, notifications: 0 },
    });
    onTestFinished(installation.stop);
    const orders = await installation.client(LomsService, "loms", { retries: false });
    const { loms } = installation.services;
    await receiveStock(orders, skus, 1_000_000);
    // In the short form not as fast as they can: what is starting anew needs a share of the machine as well.
    const pauseMs = () => random.integer(0, run.isLong ? 0 : 200);
    const load = startOrderLoad({ orders, random, skus, workers: 40, pauseMs });
    onTestFinished(load.abandon);
    let slowestRestartMs = 0;

    for (let round = 0; round < run.rounds; round += 1) {
      await load.untilMoreTurns(random.integer(20, 200));
      const victim = random.pick(loms);
      await victim.kill();
      // While others run, the load goes on without it.
      await load.untilMoreTurns(replicas > 1 ? 20 : 0);
      const startedAt = Date.now();
      await victim.restart();
      slowestRestartMs = Math.max(slowestRestartMs, Date.now() - startedAt);
    }
    await load.untilMoreTurns(50);
    await load.stop();

    run.report({
      kills: run.rounds,
      "orders answered": load.answers.size,
      retries: load.retries(),
      "replayed answers": load.replays(),
      "ms the slowest restart": slowestRestartMs,
    });
    expect(load.retries()).toBeGreaterThan(0);
    // A kill between the commit and its answer is rare: the short form may miss it.
    expect(load.replays()).toBeGreaterThanOrEqual(run.isLong ? 1 : 0);
    await expectAllStored(orders, load);
    await installation.expectVerifyClean();
  },
);

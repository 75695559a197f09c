import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { openAuth } from "@ordermesh/auth/auth";
import type { AuthConfig } from "@ordermesh/auth/config";
import { loadTls, type TlsConfig } from "@ordermesh/auth/tls";
import { Failure } from "@ordermesh/failure/failure";
import {
  VerificationSchema,
  VerificationService,
  VerificationState,
} from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { startRpcServer } from "@ordermesh/rpc/server";
import type { Logger } from "@ordermesh/telemetry/logger";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";
import { findingsListedMax } from "./finding.ts";
import type { VerifyTargets } from "./run-verify.ts";
import { createVerificationRuns, type VerificationRun, type VerificationRuns } from "./verification-runs.ts";

const stopTimeoutMs = 2_000;

/** Serves verifications to the gateway, by whoever may read all ledgers. */
export async function startVerificationServer(options: {
  readonly host: string;
  readonly port: number;
  readonly targets: VerifyTargets;
  /** Undefined with AUTH=off. */
  readonly auth: AuthConfig | undefined;
  readonly tls: TlsConfig | undefined;
  readonly logger: Logger;
}): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const { host, port, targets, logger } = options;
  const identity = { service: "verify", version: "0.1.0" };
  const auth = await openAuth({ config: options.auth, service: identity.service, logger });
  const runs = createVerificationRuns(targets, logger);
  const server = await startRpcServer({
    host,
    port,
    services: [bindVerificationService(runs)],
    logger,
    metrics: createMetrics(identity),
    tracing: await startTracing({ ...identity, endpoint: undefined, sampleRatio: 1 }),
    reflection: true,
    authorize: auth.authorize(),
    tls: (await loadTls(options.tls))?.server,
  });
  server.setServing(true);
  return { port: server.address.port, stop: () => server.stop(stopTimeoutMs) };
}

function bindVerificationService(runs: VerificationRuns): BoundService {
  return bindService(VerificationService, {
    startVerification(_, context) {
      const { principal } = callOf(context);
      return { verification: messageOf(runs.start(principal.kind === "user" ? principal.userId : 0n)) };
    },

    getVerification() {
      const run = runs.last();
      if (run === undefined) {
        throw new Failure("not_found", "Nothing was verified since the start. Start it.", {
          reason: "NEVER_VERIFIED",
        });
      }
      return { verification: messageOf(run) };
    },
  });
}

function messageOf({ startedAtMs, startedByUserId, results, end }: VerificationRun) {
  const durationMs = (end?.atMs ?? Date.now()) - startedAtMs;
  const message: MessageInitShape<typeof VerificationSchema> = {
    state:
      end === undefined
        ? VerificationState.RUNNING
        : end.problem === undefined
          ? VerificationState.FINISHED
          : VerificationState.BROKEN_OFF,
    startedTime: timestampFromMs(startedAtMs),
    duration: { seconds: BigInt(Math.floor(durationMs / 1_000)), nanos: (durationMs % 1_000) * 1_000_000 },
    startedByUserId,
    checks: results.map(({ invariant, claim, examined, findings }) => ({
      invariant,
      claim,
      examined: BigInt(examined),
      findings: findings.slice(0, findingsListedMax).map(({ text }) => text),
      findingsTotal: findings.length,
    })),
    problem: end?.problem ?? "",
  };
  return create(VerificationSchema, message);
}

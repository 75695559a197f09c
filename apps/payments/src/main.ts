import { ConfigError } from "@ordermesh/config/config";
import { runUntilSignal } from "@ordermesh/process/run-until-signal";
import { createLogger } from "@ordermesh/telemetry/logger";
import { readPaymentsConfig } from "./config.ts";
import { startPayments } from "./service.ts";

await runUntilSignal({
  start: async () => startPayments(readPaymentsConfig(process.env)),
  stopTimeoutMs: 35_000,
  report: (message, error) => {
    const logger = createLogger({ service: "payments", level: "info", format: "json" });
    logger.error(error instanceof ConfigError ? { detail: error.message } : { err: error }, message);
  },
});

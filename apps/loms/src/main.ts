import { ConfigError } from "@ordermesh/config/config";
import { runUntilSignal } from "@ordermesh/process/run-until-signal";
import { createLogger } from "@ordermesh/telemetry/logger";
import { readLomsConfig } from "./config.ts";
import { startLoms } from "./service.ts";

await runUntilSignal({
  start: async () => startLoms(readLomsConfig(process.env)),
  stopTimeoutMs: 35_000,
  report: (message, error) => {
    const logger = createLogger({ service: "loms", level: "info", format: "json" });
    logger.error(error instanceof ConfigError ? { detail: error.message } : { err: error }, message);
  },
});

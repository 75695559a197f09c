import { ConfigError } from "@ordermesh/config/config";
import { runUntilSignal } from "@ordermesh/process/run-until-signal";
import { createLogger } from "@ordermesh/telemetry/logger";
import { readIdentityConfig } from "./config.ts";
import { startIdentity } from "./service.ts";

await runUntilSignal({
  start: async () => startIdentity(readIdentityConfig(process.env)),
  stopTimeoutMs: 35_000,
  report: (message, error) => {
    const logger = createLogger({ service: "identity", level: "info", format: "json" });
    logger.error(error instanceof ConfigError ? { detail: error.message } : { err: error }, message);
  },
});

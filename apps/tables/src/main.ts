import { ConfigError } from "@ordermesh/config/config";
import { runUntilSignal } from "@ordermesh/process/run-until-signal";
import { createLogger } from "@ordermesh/telemetry/logger";
import { readTablesConfig } from "./config.ts";
import { startTables } from "./service.ts";

await runUntilSignal({
  start: async () => startTables(readTablesConfig(process.env)),
  stopTimeoutMs: 35_000,
  report: (message, error) => {
    const logger = createLogger({ service: "tables", level: "info", format: "json" });
    logger.error(error instanceof ConfigError ? { detail: error.message } : { err: error }, message);
  },
});

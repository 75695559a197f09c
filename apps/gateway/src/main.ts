import { ConfigError } from "@ordermesh/config/config";
import { runUntilSignal } from "@ordermesh/process/run-until-signal";
import { createLogger } from "@ordermesh/telemetry/logger";
import { readGatewayConfig } from "./config.ts";
import { startGateway } from "./service.ts";

await runUntilSignal({
  start: async () => startGateway(readGatewayConfig(process.env)),
  stopTimeoutMs: 35_000,
  report: (message, error) => {
    const logger = createLogger({ service: "gateway", level: "info", format: "json" });
    logger.error(error instanceof ConfigError ? { detail: error.message } : { err: error }, message);
  },
});

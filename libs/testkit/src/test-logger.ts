import { createLogger, type Logger } from "@ordermesh/telemetry/logger";

/** Quiet but for errors, which a test that expects none should show. TEST_LOG_LEVEL=debug shows all. */
export function testLogger(): Logger {
  const level = process.env.TEST_LOG_LEVEL;
  return createLogger({
    service: "test",
    level: level === "debug" || level === "info" || level === "warn" ? level : "error",
    format: "readable",
  });
}

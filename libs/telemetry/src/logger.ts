import { type Logger, type LoggerOptions, pino } from "pino";
import { readableLine } from "./readable-line.ts";

export type { Logger } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "json" | "readable";

/** Field names whose values never reach a log, at the top level or one below. */
const secretFields = ["password", "secret", "token", "authorization", "card", "cardNumber", "webhookSecret"];

/**
 * Makes the logger of one process: JSON lines on standard output, or readable ones when a person watches.
 *
 * `trace_id` and `order_id` are fields of the lines that concern a request or an order.
 */
export function createLogger(options: {
  readonly service: string;
  readonly level: LogLevel;
  readonly format: LogFormat;
}): Logger {
  const pinoOptions: LoggerOptions = {
    level: options.level,
    base: { service: options.service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
  };
  if (options.format === "json") {
    return pino(pinoOptions);
  }
  return pino(pinoOptions, {
    write(line: string) {
      process.stdout.write(`${readableLine(line)}\n`);
    },
  });
}

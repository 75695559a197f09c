import { createLogger, type LogFormat, type LogLevel } from "@ordermesh/telemetry/logger";
import { readableLine } from "@ordermesh/telemetry/readable-line";

/** Where a mesh that starts, runs and stops says what happens. */
export interface Report {
  /** A step that has been taken, or is being taken. */
  progress(text: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Something that went wrong and is being dealt with. */
  warn(text: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A line that a program has printed. */
  programLine(name: string, line: string, source: "stdout" | "stderr"): void;
}

/** Prints to standard output: JSON lines throughout, or lines for a person. */
export function createReport(options: { readonly format: LogFormat; readonly level: LogLevel }): Report {
  const logger = createLogger({ service: "ordermesh", ...options });
  if (options.format === "json") {
    return {
      progress: (text, fields = {}) => logger.info(fields, text),
      warn: (text, fields = {}) => logger.warn(fields, text),
      programLine(name, line, source) {
        if (source === "stdout" && line.startsWith("{")) {
          process.stdout.write(`${line}\n`);
        } else {
          logger.warn({ program: name }, line);
        }
      },
    };
  }
  return {
    progress: (text) => process.stdout.write(`• ${text}\n`),
    warn: (text) => process.stdout.write(`! ${text}\n`),
    programLine: (name, line, source) => process.stdout.write(`${describeLine(name, line, source)}\n`),
  };
}

/** A program's line for a person: what is not a log line is shown with the program's name. */
export function describeLine(name: string, line: string, source: "stdout" | "stderr"): string {
  if (source === "stdout" && line.startsWith("{")) {
    return readableLine(line);
  }
  const level = source === "stderr" ? "error" : "info";
  return readableLine(JSON.stringify({ time: new Date().toISOString(), service: name, level, msg: line }));
}

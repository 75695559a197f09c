import { CommanderError } from "commander";
import { describeError, exitCodeOf } from "./exit-codes.ts";
import { createProgram } from "./program.ts";

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  // Commander has already printed what is wrong with the arguments.
  if (!(error instanceof CommanderError)) {
    process.stderr.write(`ordermesh: ${describeError(error)}\n`);
  }
  process.exitCode = exitCodeOf(error);
}

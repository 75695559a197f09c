import { describeError, exitCodeOf } from "@ordermesh/ordermesh/exit-codes";
import { addUpCommand } from "@ordermesh/ordermesh/up";
import { Command } from "commander";

/** The command `up` with the programs that PROGRAM_MAP describes. */
const program = new Command("ordermesh").exitOverride();
addUpCommand(program, JSON.parse(process.env.PROGRAM_MAP ?? ""));
program.parseAsync(process.argv).catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOf(error);
});

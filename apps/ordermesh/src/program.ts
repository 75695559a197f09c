import { Command } from "commander";
import { addDemoCommand } from "./demo-command.ts";
import { addDoctorCommand } from "./doctor.ts";
import { exitCodesText } from "./exit-codes.ts";
import { addKeysCommand } from "./keys-command.ts";
import { addRedriveCommand } from "./redrive.ts";
import { addSeedCommand } from "./seed-command.ts";
import { addUpCommand } from "./up.ts";
import { addVerifyCommand } from "./verify-command.ts";

/**
 * The whole command line. A command adds itself; its action throws a Failure, or sets process.exitCode when it found
 * problems without failing.
 */
export function createProgram(): Command {
  const program = new Command("ordermesh")
    .description("Starts, shows and checks an Ordermesh on this machine.")
    .helpCommand(false)
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("afterAll", `\n${exitCodesText}`)
    .exitOverride();
  addUpCommand(program);
  addDoctorCommand(program);
  addVerifyCommand(program);
  addSeedCommand(program);
  addRedriveCommand(program);
  addDemoCommand(program);
  addKeysCommand(program);
  return program;
}

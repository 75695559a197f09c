// `npm run soak`: a quarter of an hour of load and faults, see tests/soak. `npm run soak -- --minutes 60 --seed 7`.
import { parseArgs } from "node:util";
import { prepareAndRun } from "./prepare-and-run.mjs";

const usage = "Usage: npm run soak -- [--minutes <number>] [--seed <number>]\n";

function parseCommandLine() {
  try {
    const { values } = parseArgs({
      options: { minutes: { type: "string", default: "15" }, seed: { type: "string" } },
    });
    for (const [name, value] of Object.entries(values)) {
      if (!/^[1-9]\d{0,8}$/.test(value)) {
        throw new Error(`--${name} must be a whole number from 1 to 999999999, not ${value}.`);
      }
    }
    return values;
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    process.exit(64);
  }
}

const { minutes, seed } = parseCommandLine();
process.env.SOAK_MINUTES = minutes;
if (seed !== undefined) {
  process.env.TEST_SEED = seed;
}
await prepareAndRun(["--test", "tests/soak"]);

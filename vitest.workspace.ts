import { defineConfig } from "vitest/config";
import { byLength } from "./libs/testkit/src/test-length.ts";
import { longFiles } from "./tests/long-files.ts";

/** Nothing of ours keeps state in a module, so a worker need not load everything anew for each file. */
const isolate = false;

/** The links in node_modules lead to the tests of other packages. */
const exclude = ["**/node_modules/**", ...byLength({ short: longFiles, whole: [] })];

/** Vitest 4 no longer reads a file of this name by itself: the test command names it with --config. */
export default defineConfig({
  test: {
    // Most of the time a test waits for a process or a timer, so that three files at a time finish on two cores in a
    // third of the time of one.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "units",
          include: ["{apps,libs}/*/src/**/*.test.ts", "tools/**/*.test.ts"],
          exclude,
          isolate,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "services",
          include: ["{apps,libs}/*/test/**/*.test.ts"],
          exclude,
          globalSetup: ["libs/testkit/src/global-setup.ts"],
          isolate,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "mesh",
          include: ["tests/**/*.test.ts"],
          exclude: [...exclude, "tests/web/**"],
          globalSetup: ["libs/testkit/src/global-setup.ts"],
          isolate,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "web",
          include: ["tests/web/**/*.test.ts"],
          exclude,
          globalSetup: ["tests/web/global-setup.ts"],
          isolate,
          // By themselves, and one after another: what they measure is what a person waits for. The short form measures
          // nothing.
          ...byLength({ short: {}, whole: { maxWorkers: 1, sequence: { groupOrder: 1 } } }),
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

import { defineConfig } from "vitest/config";

/** Vitest 4 no longer reads a file of this name by itself: the test command names it with --config. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "units",
          include: ["{apps,libs}/*/src/**/*.test.ts", "tools/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "services",
          include: ["{apps,libs}/*/test/**/*.test.ts"],
          globalSetup: ["libs/testkit/src/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "mesh",
          include: ["tests/**/*.test.ts"],
          globalSetup: ["libs/testkit/src/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

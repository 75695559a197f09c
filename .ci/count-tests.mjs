// Adds up the results of several test runs: `node count-tests.mjs FAILED_STEPS RESULT.json...` prints
// `N passed, N failed` and ends with 1 when anything failed.
import { readFileSync } from "node:fs";

const [failedSteps, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const file of files) {
  let results;
  try {
    results = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The shell passes the pattern itself when no run has got as far as writing results.
    continue;
  }
  passed += results.numPassedTests;
  failed += results.numFailedTests;
  // A file that could not be loaded, or failed in a hook, has no failed test to be counted.
  failed += results.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((assertion) => assertion.status !== "failed"),
  ).length;
}
// A step may fail without a failed test: the linter, or a run that crashed.
failed = Math.max(failed, Number(failedSteps));
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

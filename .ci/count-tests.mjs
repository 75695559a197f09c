// Adds up the results of several test runs: `node count-tests.mjs FAILED_STEPS RESULT.json...` prints what failed and why,
// because a reader often has only the end of the output, then `N passed, N failed`, and ends with 1 when anything failed.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const [failedSteps, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;

/** Prints a failure with the first lines of its reason. */
function tell(file, name, reason) {
  const lines = (reason ?? "").split("\n").slice(0, 12);
  process.stdout.write(
    `\nFailed: ${relative(process.cwd(), file)}${name}\n${lines.map((line) => `  ${line}\n`).join("")}`,
  );
}

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
  for (const { name: testFile, status, message, assertionResults } of results.testResults) {
    const failures = assertionResults.filter((assertion) => assertion.status === "failed");
    for (const { fullName, failureMessages } of failures) {
      tell(testFile, `: ${fullName}`, failureMessages[0]);
    }
    // A file that could not be loaded, or failed in a hook, has no failed test to be counted.
    if (status === "failed" && failures.length === 0) {
      tell(testFile, "", message);
      failed += 1;
    }
  }
}
// A step may fail without a failed test: the linter, or a run that crashed.
failed = Math.max(failed, Number(failedSteps));
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

import { pause } from "@ordermesh/process/wait";

/**
 * Repeats an assertion until it holds, and fails with its last error when it does not in time. In place of sleeping.
 *
 * @returns what the assertion returned.
 */
export async function eventually<Result>(
  assertion: () => Promise<Result> | Result,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Result> {
  const { timeoutMs = 20_000, everyMs = 20 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline) {
        throw error;
      }
    }
    await pause(everyMs);
  }
}

import type { Locator, Page, Request } from "playwright-core";
import { expect } from "vitest";

/*
 * A double click, as impatient people make it. What it asks for is asked for once: also if the answer is there before the
 * second click, which then finds the button free again, or another one in its place.
 */

/** Double-clicks, and waits for the answer. @param method what is sent: "ActOnOrder". */
export async function pressTwice(page: Page, button: Locator, method: string): Promise<void> {
  await countingCalls(page, method, () => button.dblclick());
}

/** The same by somebody slow: the second click comes after what came of the first is seen. */
export async function pressTwiceSlowly(
  page: Page,
  button: Locator,
  method: string,
  untilSeen: () => Promise<unknown>,
): Promise<void> {
  await countingCalls(page, method, async () => {
    await button.scrollIntoViewIfNeeded();
    const box = await button.boundingBox();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
    for (const clickCount of [1, 2]) {
      // The browser counts clicks at one place that follow each other fast, whatever is there by then.
      await page.mouse.down({ clickCount });
      await page.mouse.up({ clickCount });
      await (clickCount === 1 ? untilSeen() : undefined);
    }
  });
}

async function countingCalls(page: Page, method: string, press: () => Promise<void>): Promise<void> {
  let calls = 0;
  const count = (request: Request) => {
    calls += request.url().endsWith(`/${method}`) ? 1 : 0;
  };
  page.on("request", count);
  try {
    const answered = page.waitForResponse((response) => response.url().endsWith(`/${method}`));
    // Told by what failed first.
    answered.catch(() => {});
    await press();
    const answer = await answered;
    await answer.finished();
    // What a click begins is sent before the page draws again.
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    expect(calls, `calls of ${method}`).toBe(1);
    expect(answer.ok(), `${method}: ${answer.status()}`).toBe(true);
  } finally {
    page.off("request", count);
  }
}

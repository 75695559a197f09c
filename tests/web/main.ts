import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright-core";
import { startMeshProcess } from "../harness/mesh-process.ts";
import { findChromium, launchChromium, noChromium } from "./chromium.ts";
import { webMeshSettings } from "./global-setup.ts";
import { look, looks, type People, peopleAt } from "./people.ts";
import { areas } from "./screens/areas.ts";
import type { Screen } from "./screens/screen.ts";
import { stageOf } from "./screens/stage.ts";

/*
 * A picture of every page, light and dark, wide and narrow, in docs/screenshots: `npm run screenshots`. With the names of
 * areas, or the beginnings of names, it makes only those: `npm run screenshots -- shop order-refund`.
 */

const folder = join("docs", "screenshots");
/** Of 100: enough to read the smallest text. */
const quality = 30;
const names = process.argv.slice(2);

async function takeAll(people: People): Promise<void> {
  for (const area of areas) {
    const screens = await area.prepare(stageOf(people)).catch((error: unknown) => {
      complain(area.name, error);
      return [];
    });
    const chosen = screens.filter(
      ({ name, unpictured }) =>
        unpictured !== true &&
        (names.length === 0 || names.some((start) => area.name === start || name.startsWith(start))),
    );
    for (const who of new Set(chosen.map((screen) => screen.who))) {
      await takeOf(people, who, chosen);
    }
  }
}

async function takeOf(people: People, who: Screen["who"], screens: readonly Screen[]): Promise<void> {
  const { page, context } = who === "nobody" ? await people.newPerson() : await people.demoUser(who);
  for (const screen of screens.filter((each) => each.who === who)) {
    try {
      await look(page, looks[0]);
      await screen.open(page);
      await take(page, screen);
    } catch (error) {
      complain(screen.name, error);
    }
  }
  await context.close();
}

async function take(page: Page, { name, at }: Screen): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await settle(page);
  for (const each of looks) {
    await look(page, each);
    if (at !== undefined) {
      await page.locator(at).evaluate((element) => element.scrollIntoView({ block: "start" }));
    }
    await takePicture(page, join(folder, `${name}-${each.width}-${each.theme}.webp`));
  }
  process.stdout.write(`${name}\n`);
}

/** Until nothing has changed for a moment: what comes late, as the cart's count does, is in the picture too. */
async function settle(page: Page): Promise<void> {
  let before = "";
  for (let tries = 0; tries < 10; tries += 1) {
    const shown = await page.evaluate(() => document.body.innerHTML);
    if (shown === before) {
      return;
    }
    before = shown;
    await pause(300);
  }
}

/** As WebP, which takes a third of the room; Playwright itself has only PNG and JPEG. */
async function takePicture(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
  await session.detach();
  writeFileSync(path, Buffer.from(data, "base64"));
}

function complain(name: string, error: unknown): void {
  process.exitCode = 1;
  process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
}

const executablePath = findChromium();
if (executablePath === undefined) {
  process.stderr.write(`${noChromium}\n`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
if (names.length === 0) {
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".webp"))) {
    rmSync(join(folder, file));
  }
}
const running = process.env.WEB_URL ?? "";
const mesh = running === "" ? await startMeshProcess(webMeshSettings) : undefined;
const browser = await launchChromium(executablePath);
try {
  await takeAll(peopleAt(mesh === undefined ? running : `http://${mesh.addresses.gateway}`, browser));
} finally {
  await browser.close();
  await mesh?.stop();
}

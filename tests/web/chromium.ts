import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const usualPlaces = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a Chromium is: CHROMIUM says it, or Debian's. Undefined if there is none. */
export function findChromium(): string | undefined {
  const given = process.env.CHROMIUM;
  const places = given === undefined || given === "" ? usualPlaces : [given];
  return places.find((place) => existsSync(place));
}

/** Whether pages can be tested here. Where they cannot, the set-up says so. */
export function isWebTestable(): boolean {
  return findChromium() !== undefined;
}

/** What is printed where pages cannot be tested. */
export const noChromium =
  "The pages are not tested: there is no Chromium. Install Debian's `chromium`, or name one with CHROMIUM.";

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // As root, which containers are, there is no sandbox to be had.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none", "--disable-gpu"],
  });
}

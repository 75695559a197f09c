import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, inject } from "vitest";
import { password } from "./caller.ts";
import { findChromium, launchChromium } from "./chromium.ts";

/** What a test of pages needs: people, each with a browser of their own. */
export interface People {
  readonly url: string;
  /** A new browser for one person, who has not signed in. */
  newPerson(options?: PersonOptions): Promise<Person>;
  /** A new buyer, who has no orders yet, signed in. */
  newBuyer(options?: PersonOptions): Promise<Person & { readonly username: string }>;
  /** A demo user, signed in: "seller", "operator". */
  demoUser(username: string, options?: PersonOptions): Promise<Person>;
  stop(): Promise<void>;
}

export interface PersonOptions {
  readonly width?: number;
  readonly theme?: "light" | "dark";
}

export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Another tab of the same person. */
  newTab(path?: string): Promise<Page>;
  /** What on a page was against the policy, threw, or was logged as an error. */
  readonly wrong: readonly string[];
  expectNothingWrong(): void;
}

/** How a page is looked at. */
export type Look = Required<PersonOptions>;

export const looks = [
  { width: 1440, theme: "light" },
  { width: 1440, theme: "dark" },
  { width: 360, theme: "dark" },
  { width: 360, theme: "light" },
] as const satisfies readonly Look[];

const waitMs = 30_000;

export async function startPeople(): Promise<People> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error("There is no Chromium.");
  }
  return peopleAt(inject("webUrl"), await launchChromium(executablePath));
}

export function peopleAt(url: string, browser: Browser): People {
  async function newPerson({ width = 1440, theme = "light" }: PersonOptions = {}): Promise<Person> {
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width, height: heightOf(width) },
      colorScheme: theme,
      reducedMotion: "reduce",
      isMobile: width < 720,
      hasTouch: width < 720,
      timezoneId: "Europe/Berlin",
    });
    context.setDefaultTimeout(waitMs);
    const wrong: string[] = [];
    await context.exposeFunction("tellViolation", (text: string) => void wrong.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
        const { tellViolation } = window as unknown as { tellViolation: (text: string) => void };
        tellViolation(`policy: ${violatedDirective} ${blockedURI} ${sample}`);
      });
    });
    context.on("weberror", (error) => wrong.push(`error: ${error.error().message}`));
    context.on("console", (message) => {
      // The browser notes each refused call; whether it was expected is for the test to say.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        wrong.push(`console: ${message.text()}`);
      }
    });
    return {
      context,
      page: await context.newPage(),
      async newTab(path = "/") {
        const page = await context.newPage();
        await page.goto(path);
        return page;
      },
      wrong,
      expectNothingWrong: () => expect(wrong).toEqual([]),
    };
  }

  async function signInAs(person: Person, username: string): Promise<void> {
    await person.page.goto("/sign-in");
    await person.page.getByLabel("Name", { exact: true }).fill(username);
    await person.page.getByLabel("Password").fill(password);
    await person.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await person.page.getByRole("button", { name: `Signed in as ${username}` }).waitFor();
  }

  return {
    url,
    newPerson,
    async newBuyer(options) {
      const username = `buyer-${randomUUID().slice(0, 8)}`;
      const response = await fetch(`${url}/v1/auth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username, password }),
      });
      expect(response.status).toBe(200);
      const person = await newPerson(options);
      await signInAs(person, username);
      return { ...person, username };
    },
    async demoUser(username, options) {
      const person = await newPerson(options);
      await signInAs(person, username);
      return person;
    },
    stop: () => browser.close(),
  };
}

/** Turns the window and the device's colors; the page follows by itself. */
export async function look(page: Page, { width, theme }: Look): Promise<void> {
  await page.setViewportSize({ width, height: heightOf(width) });
  await page.emulateMedia({ colorScheme: theme });
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

function heightOf(width: number): number {
  return width < 720 ? 740 : 900;
}

/** What axe calls serious or critical in what is shown now. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // What was announced to screen readers stays for seconds, and may name a button of the page before.
  const axe = new AxeBuilder({ page })
    .exclude("[data-live-announcer]")
    // Our pages have no frames, for which it would open a page of its own each time.
    .setLegacyMode()
    .options({ resultTypes: ["violations"] });
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(", ")}`);
}

export async function expectAccessible(page: Page): Promise<void> {
  expect(await accessibilityFaults(page), page.url()).toEqual([]);
}

/** Runs a test's story, and keeps a picture of every page if it fails. */
export async function story(
  name: string,
  people: readonly Person[],
  tell: () => Promise<void>,
): Promise<void> {
  let failed = true;
  try {
    await tell();
    for (const person of people) {
      person.expectNothingWrong();
    }
    failed = false;
  } finally {
    const folder = join(".build", "web-failures");
    mkdirSync(folder, { recursive: true });
    for (const [person, { context }] of people.entries()) {
      for (const [tab, page] of context.pages().entries()) {
        if (failed) {
          const path = join(folder, `${name.replace(/\W+/g, "-")}-${person}-${tab}.png`);
          // A page that hangs has no picture, and the failure is told all the same.
          await page.screenshot({ path, timeout: 5_000 }).catch(() => {});
        }
      }
      await context.close();
    }
  }
}

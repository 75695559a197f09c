import type { Page } from "playwright-core";
import type { Caller } from "../caller.ts";
import type { People } from "../people.ts";

/** One thing to look at: a page in a state, or a dialog that is open. */
export interface Screen {
  /** Of its picture: lower-case words with hyphens, the area first. */
  readonly name: string;
  /** A demo user, or nobody: then the page is of a browser that nobody has signed in to. */
  readonly who: "nobody" | "buyer" | "buyer2" | "seller" | "waiter" | "platform" | "operator";
  /** Opens it, and waits until it is there. It starts from any page of the same person. */
  readonly open: (page: Page) => Promise<void>;
  /** What its picture begins with, as a selector; absent: the beginning of the page. */
  readonly at?: string;
  /** No picture of it, only the checks: it looks like another one. */
  readonly unpictured?: boolean;
}

/** What an area has to prepare its screens with. */
export interface Stage {
  readonly url: string;
  readonly people: People;
  /** Calls of a demo user, through the gateway. */
  call(username: Exclude<Screen["who"], "nobody">): Promise<Caller>;
  /** Something that a demo user does in the browser. */
  act<Result>(
    username: Exclude<Screen["who"], "nobody">,
    what: (page: Page) => Promise<Result>,
  ): Promise<Result>;
}

/**
 * The screens of one area: every page of it at least once, and its dialogs. Prepares what they show first, so that
 * nothing is empty and not all of it is well.
 */
export interface Area {
  readonly name: string;
  readonly prepare: (stage: Stage) => Promise<readonly Screen[]>;
}

/** Opens an address and waits for a text of it. */
export async function openAt(page: Page, path: string, text: string | RegExp): Promise<void> {
  await page.goto(path);
  await page.getByText(text).first().waitFor();
}

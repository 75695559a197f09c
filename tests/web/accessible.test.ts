import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pages } from "../../apps/web/src/app/pages.ts";
import { isWebTestable } from "./chromium.ts";
import { accessibilityFaults, look, looks, type People, type Person, startPeople } from "./people.ts";
import { areas } from "./screens/areas.ts";
import type { Screen } from "./screens/screen.ts";
import { stageOf } from "./screens/stage.ts";

/**
 * Each screen is opened once, wide and light; then the same page is turned, because it has to follow the device. What
 * the two have in common with the other two combinations was found there already; LOOKS=all looks at all four.
 */
const chosenLooks = process.env.LOOKS === "all" ? looks : [looks[0], looks[2]];
/** At a time: more would only wait for each other. */
const lanes = 2;

/** Paths of pages and of their dialogs, as the router has them: "/orders/$orderId/refund/$sku". */
const paths = pages.flatMap(({ path, dialogs = [] }) => [
  path,
  ...dialogs.map((dialog) => `${path}/${dialog.path}`),
]);

function pathOf(address: string): string {
  const parts = new URL(address).pathname.split("/");
  const found = paths.find((path) => {
    const wanted = path.split("/");
    return (
      wanted.length === parts.length &&
      wanted.every((part, index) => (part.startsWith("$") ? parts[index] !== "" : part === parts[index]))
    );
  });
  return found ?? "";
}

describe.skipIf(!isWebTestable())(
  "every page can be used by everybody, wide and narrow, light and dark",
  () => {
    let people: People;
    const seen = new Set<string>();
    beforeAll(async () => {
      people = await startPeople();
    });
    afterAll(() => people?.stop());

    for (const area of areas) {
      test(area.name, { timeout: 900_000 }, async () => {
        const startedAt = performance.now();
        const screens = await area.prepare(stageOf(people));
        const queue = screens.values();
        const faults = await Promise.all(
          Array.from({ length: lanes }, () =>
            lookAt(queue, people, (address) => {
              seen.add(pathOf(address));
            }),
          ),
        );
        process.stdout.write(
          `${area.name}: ${screens.length} screens in ${Math.round((performance.now() - startedAt) / 1_000)} s\n`,
        );
        expect(faults.flat()).toEqual([]);
      });
    }

    test("and none of them was left out", () => {
      expect(paths.filter((path) => !seen.has(path))).toEqual([]);
    });
  },
);

/** Takes screens from the queue until there are none left. @returns what is wrong with them. */
async function lookAt(
  queue: Iterable<Screen>,
  people: People,
  onSeen: (address: string) => void,
): Promise<string[]> {
  const persons = new Map<Screen["who"], Person>();
  const faults: string[] = [];
  for (const screen of queue) {
    const { who } = screen;
    const person =
      persons.get(who) ?? (who === "nobody" ? await people.newPerson() : await people.demoUser(who));
    persons.set(who, person);
    faults.push(...(await faultsOf(person, screen)));
    onSeen(person.page.url());
  }
  for (const [who, { wrong, context }] of persons) {
    faults.push(...wrong.map((text) => `${who}: ${text}`));
    await context.close();
  }
  return faults;
}

async function faultsOf({ page }: Person, screen: Screen): Promise<string[]> {
  await look(page, looks[0]);
  try {
    await screen.open(page);
  } catch (error) {
    return [`${screen.name}: ${error instanceof Error ? error.message : String(error)}`];
  }
  const faults: string[] = [];
  for (const each of chosenLooks) {
    const name = `${screen.name}, ${each.width} px, ${each.theme}`;
    await look(page, each);
    faults.push(...(await accessibilityFaults(page)).map((text) => `${name}: ${text}`));
    const tooWide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (tooWide > 0) {
      faults.push(`${name}: ${tooWide} px too wide`);
    }
  }
  return faults;
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isWebTestable } from "./chromium.ts";
import { expectAccessible, type People, startPeople, story } from "./people.ts";

const run = promisify(execFile);

describe.skipIf(!isWebTestable())("the API page", () => {
  let people: People;
  beforeAll(async () => {
    people = await startPeople();
  });
  afterAll(() => people?.stop());

  test("anybody finds a call, copies its line, and the lines work as they stand", async () => {
    const somebody = await people.newPerson();
    const { page, context } = somebody;
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await story("api", [somebody], async () => {
      await page.goto("/api");
      await page.getByText("Sets how many units of a SKU are in the cart").first().waitFor();
      await expectAccessible(page);
      expect((await page.request.get("/documentation")).status()).toBe(200);
      for (const link of ["Swagger UI", "OpenAPI", "AsyncAPI"]) {
        await page.getByRole("link", { name: link }).waitFor();
      }

      await page.getByRole("searchbox").fill("redrive");
      await page.waitForURL(/\/api\?q=redrive$/);
      await page.getByText("1 call", { exact: true }).waitFor();
      await page.getByText("POST /v1/operations/dead-letters/redrive").waitFor();
      await page.getByRole("searchbox").fill("");

      const copied = async (what: string) => {
        await page.getByRole("button", { name: `Copy ${what}`, exact: true }).click();
        await page.getByText(`${what} copied`).waitFor();
        return await page.evaluate(() => navigator.clipboard.readText());
      };
      const token = await copied("The lines for a token");
      const lines = await copied("The lines for curl, as Connect");
      expect(lines).toContain(people.url);
      const { stdout } = await run("bash", ["-ec", `${token}\n${lines}`]);
      expect(stdout).toContain('"products"');
      expect(stdout).toContain('"username":"buyer"');
      const rest = await run("bash", ["-ec", `${token}\n${await copied("The lines for curl, as REST")}`]);
      expect(rest.stdout).toContain('"orders"');
      expect(rest.stdout).not.toContain('"status":4');
      await page.getByRole("searchbox").fill("xyzzy");
      await page.getByText("No call has “xyzzy” in it").waitFor();
      await expectAccessible(page);
    });
  });
});

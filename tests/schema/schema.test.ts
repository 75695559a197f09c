import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dumpSchema } from "@ordermesh/testkit/dump-schema";
import { freshDatabase } from "@ordermesh/testkit/fresh-database";
import { expect, test } from "vitest";

const apps = new URL("../../apps/", import.meta.url);
const withDatabase = readdirSync(apps).filter((app) => existsSync(new URL(`${app}/migrations/`, apps)));

test("there are services with databases", () => {
  expect(withDatabase).toEqual([
    "checkout",
    "gateway",
    "identity",
    "loms",
    "notifications",
    "payments",
    "product",
    "tables",
  ]);
});

test.each(withDatabase)("apps/%s/schema.sql is what its migrations add up to", async (app) => {
  const database = await freshDatabase({ migrations: new URL(`${app}/migrations/`, apps) });
  try {
    const schema = await dumpSchema(database.url);
    const file = new URL(`${app}/schema.sql`, apps);
    if (process.env.UPDATE_SCHEMA === "1") {
      writeFileSync(file, schema);
    }
    expect(readFileSync(file, "utf8"), "Run `pnpm schema` and commit the result.").toBe(schema);
  } finally {
    await database.drop();
  }
});

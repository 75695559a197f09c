import { expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

test("reads each type, and falls back where a variable is absent or empty", () => {
  const config = readConfig(
    { PORT: "50051", NAME: " loms ", OPEN: "yes", BROKERS: "a:1, b:2,", EMPTY: "", LEVEL: "warn" },
    (read) => ({
      port: read.integer("PORT", { min: 0, max: 65535 }),
      name: read.string("NAME"),
      open: read.boolean("OPEN", false),
      brokers: read.list("BROKERS", []),
      empty: read.string("EMPTY", "fallback"),
      level: read.oneOf("LEVEL", ["info", "warn"], "info"),
    }),
  );
  expect(config).toEqual({
    port: 50051,
    name: "loms",
    open: true,
    brokers: ["a:1", "b:2"],
    empty: "fallback",
    level: "warn",
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test("reports every problem at once, by name", () => {
  const read = () =>
    readConfig({ PORT: "70000", OPEN: "maybe", LEVEL: "loud" }, (reader) => ({
      port: reader.integer("PORT", { min: 0, max: 65535 }),
      open: reader.boolean("OPEN", false),
      url: reader.string("DATABASE_URL"),
      level: reader.oneOf("LEVEL", ["info", "warn"], "info"),
    }));
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/PORT.*70000[\s\S]*OPEN.*maybe[\s\S]*DATABASE_URL is required[\s\S]*LEVEL.*loud/);
});

import { expect, test } from "vitest";
import { withoutForeignSecret } from "./ready-text.ts";

test("shows the address of a database without a password that is not our own", () => {
  const own = "postgres://ordermesh:ordermesh@127.0.0.1:54329/loms";
  expect(withoutForeignSecret(own)).toBe(own);
  expect(withoutForeignSecret("postgres://shop:hunter2@db.example:5432/loms")).toBe(
    "postgres://shop:…@db.example:5432/loms",
  );
  expect(withoutForeignSecret("postgresql://ordermesh:p%40ss:w@db/loms")).toBe(
    "postgresql://ordermesh:…@db/loms",
  );
  expect(withoutForeignSecret("postgres://db.example/loms")).toBe("postgres://db.example/loms");
});

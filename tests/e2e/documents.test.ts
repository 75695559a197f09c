import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MeshProcess, startMeshProcess } from "../harness/mesh-process.ts";
import { onMesh, shellBlocks } from "./pasted-lines.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
let mesh: MeshProcess;

beforeAll(async () => {
  mesh = await startMeshProcess();
});

afterAll(async () => {
  await mesh.stop();
});

test("the lines of the README buy something and pay it", async () => {
  const { stdout } = await run("bash", ["-c", onMesh(mesh, shellBlocks("README.md"))], {
    env: { ...process.env, NO_PROXY: "*", no_proxy: "*" },
  });
  const [added, listed, purchased, paid, order, notified] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(added).toHaveProperty("cartVersion");
  expect(listed.lines).toMatchObject([{ sku: 1076963, quantity: 2 }]);
  expect(purchased).toMatchObject({ status: "ORDER_STATUS_AWAITING_PAYMENT" });
  expect(paid).toMatchObject({ outcome: "PAY_OUTCOME_CAPTURED" });
  expect(order).toHaveProperty("order.status");
  expect(notified).toHaveProperty("notifications");
});

test.each(["docs/ARCHITECTURE.md", "docs/OPERATIONS.md"])("every path that %s names exists", (document) => {
  const text = readFileSync(`${root}${document}`, "utf8");
  const paths = [...text.matchAll(/`((?:apps|libs|proto|tools|docs|deploy|tests)\/[\w./@*-]*)`/g)].map(
    ([, path]) => path ?? "",
  );
  expect(paths.length).toBeGreaterThan(3);
  expect(paths.filter((path) => !path.includes("*") && !existsSync(`${root}${path}`))).toEqual([]);
});

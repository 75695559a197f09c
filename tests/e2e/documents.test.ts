import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { workflows } from "@ordermesh/app-loms/workflows/registry";
import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { FeedService } from "@ordermesh/proto/ordermesh/feed/v1/feed_pb";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { VerificationService } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import postgres from "postgres";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type MeshProcess, startMeshProcess } from "../harness/mesh-process.ts";
import { findRowsTaken, rowsToTake } from "./rows-taken.ts";
import { listShownOutcomes, markShownOutcomes, readOutcomes } from "./shown-outcomes.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
let mesh: MeshProcess;

beforeAll(async () => {
  mesh = await startMeshProcess();
});

afterAll(async () => {
  await mesh.stop();
});

function shellBlocks(path: string): string {
  const text = readFileSync(`${root}${path}`, "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block).join("");
}

/** buf itself, without npx and its wrapper, which take longer to start than its two hundred calls take. */
function bufProgram(): string {
  // The package of this platform lies beside the wrapper, where the link in our node_modules leads to.
  const wrapper = `${realpathSync(`${root}node_modules/@bufbuild/buf`)}/`;
  const cpu = process.arch === "arm64" && process.platform === "linux" ? "aarch64" : process.arch;
  try {
    return createRequire(`${wrapper}package.json`).resolve(
      `@bufbuild/buf-${process.platform}-${cpu}/bin/buf`,
    );
  } catch {
    return `${wrapper}bin/buf`;
  }
}

/** The lines as they stand, with the ports of this mesh in place of the usual ones. */
function onThisMesh(script: string): string {
  const ports = {
    50051: "loms",
    50052: "checkout",
    50053: "product",
    50054: "payments",
    50055: "notifications",
    50056: "tables",
    50057: "identity",
    8080: "gateway",
  } as const;
  return Object.entries(ports).reduce(
    (text, [port, service]) => {
      const own = mesh.addresses[service].split(":")[1] ?? "";
      return text
        .replaceAll(`localhost:${port}`, `localhost:${own}`)
        .replaceAll(`call ${port}`, `call ${own}`);
    },
    script.replaceAll("npx buf ", `${bufProgram()} `),
  );
}

/** Calls that a script makes: by their whole names, or as `loms "$TOKEN" CreateOrder`. */
function isCalled(script: string, service: string, method: string): boolean {
  const isShort = service === LomsService.name && new RegExp(`loms "\\$\\w+" ${method} `).test(script);
  return isShort || script.includes(`${service}/${method}`);
}

test("every line of the API document works when it is pasted, and no call or action is missing", {
  timeout: 600_000,
}, async () => {
  const script = shellBlocks("docs/API.md");
  const services = [
    LomsService,
    InventoryService,
    CheckoutService,
    CheckoutAdminService,
    NotificationsService,
    ProductService,
    PaymentsService,
    LocationsService,
    TablesService,
    IdentityService,
    FeedService,
    OperationsService,
    VerificationService,
  ];
  const missing = services.flatMap((service) =>
    service.methods.filter(({ name }) => !isCalled(script, service.name, name)).map(({ name }) => name),
  );
  expect(missing).toEqual([]);

  const { stdout } = await run("bash", ["-c", onThisMesh(markShownOutcomes(script))], {
    cwd: root,
    env: { ...process.env, NO_PROXY: "*", no_proxy: "*" },
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: { stdout?: string; code?: number }) => {
    // The last line of a block that follows a stream ends by its timeout.
    if (error.code === 124) {
      return { stdout: error.stdout ?? "" };
    }
    throw error;
  });
  // A refused RPC, whose code is in lower case as no table's is, and a problem document.
  const refusals = stdout.split("\n").filter((line) => /^\{"(code":"[a-z_]+"|type":)/.test(line));
  expect(refusals).toEqual([]);
  expect(stdout).toContain("ORDER_STATUS_AWAITING_PAYMENT");
  expect(stdout).toContain("PAYMENT_STATUS_PARTIALLY_REFUNDED");
  expect(stdout).toContain("payment was successful");

  const shown = listShownOutcomes(script);
  expect(shown.length).toBeGreaterThan(100);
  const outcomes = readOutcomes(stdout);
  expect(shown.map(({ line }, index) => `${line}  # ${outcomes[index] ?? "did not run"}`)).toEqual(
    shown.map((outcome) => `${outcome.line}  # ${outcome.shown}`),
  );

  const sql = postgres(mesh.databaseUrls.loms ?? "", { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  const taken = await findRowsTaken(sql);
  const toTake = Object.values(workflows).flatMap((versions) => versions.slice(-1).flatMap(rowsToTake));
  expect(toTake.filter((row) => !taken.has(row))).toEqual([]);
  expect(stdout).toContain("SESSION_STATE_CLOSED");
  // Over WebSocket, and in the words of ordered-online.
  expect(stdout).toMatch(/^\{"cursor":"[^"]+","session":\{"sessionId":/m);
  expect(stdout).toContain('"state":"CLOSED"');
});

test("the lines of the README buy something and pay it", async () => {
  const { stdout } = await run("bash", ["-c", onThisMesh(shellBlocks("README.md"))], {
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

import { execFile } from "node:child_process";
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
import { onMesh, shellBlocks } from "./pasted-lines.ts";
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

  const { stdout } = await run("bash", ["-c", onMesh(mesh, markShownOutcomes(script))], {
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

import { create, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ListBacklogsResponse,
  ListBacklogsResponseSchema,
  ListDeadLettersResponseSchema,
  ListServicesResponseSchema,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import {
  GetVerificationResponseSchema,
  VerificationState,
} from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import type { Page } from "playwright-core";
import { act, orderOf, paidOrderOf } from "../ordering.ts";
import { type Area, openAt, type Screen } from "./screen.ts";

/*
 * Nothing may go wrong in the mesh that all screens share. So what is wrong on these pages is answered here, in the
 * gateway's place; operations.test.ts has the real thing.
 */

export const operationsArea: Area = {
  name: "operations",
  async prepare(stage) {
    const buyer = await stage.call("buyer2");
    await orderOf(buyer);
    const shipped = await paidOrderOf(buyer);
    await act(await stage.call("seller"), shipped, "ship the order", {
      parameters: { carrier: "DHL", trackingNumber: "JD014600003829" },
    });
    return [...healthy(shipped), ...troubled, ...others].map((screen) => ({
      ...screen,
      async open(page: Page) {
        // What was answered for the screen before. It stays for as long as that is looked at: pages read it anew.
        await page.unrouteAll({ behavior: "ignoreErrors" });
        await screen.open(page);
      },
    }));
  },
};

const healthy = (shipped: bigint): readonly Screen[] => [
  { name: "operations", who: "operator", open: (page) => openAt(page, "/ops", "Serving") },
  { name: "operations-outbox", who: "operator", open: (page) => openAt(page, "/ops/outbox", "Reading") },
  {
    name: "operations-dead-letters-none",
    who: "operator",
    open: (page) => openAt(page, "/ops/dead-letters", "Every record that came was handled"),
  },
  { name: "operations-timers", who: "operator", open: (page) => openAt(page, "/ops/timers", "Run now") },
  {
    name: "operations-timers-skip",
    who: "operator",
    open: (page) => openAt(page, `/ops/timers/skip?of=${shipped}&name=auto_ack_shipping`, "Skip it for good"),
  },
  {
    name: "operations-deliveries",
    who: "operator",
    open: (page) => openAt(page, "/ops/deliveries", "Delivered"),
  },
  {
    name: "operations-verify",
    who: "platform",
    async open(page) {
      await page.goto("/ops/verify");
      await page.getByRole("button", { name: "Verify now" }).click();
      await page.getByText(/Nothing found|not as (it|they) must be/).waitFor();
    },
  },
];

const now = Date.now();

/** @param depth of the outbox of loms. */
const backlogsOf = (depth: number) =>
  create(ListBacklogsResponseSchema, {
    checkedTime: timestampFromMs(now),
    backlogs: [
      {
        service: "loms",
        backlog: {
          outbox: { depth, oldestAge: durationFromMs(42_400) },
          consumers: [{ topic: "payments.events.v1", group: "loms", running: true }],
        },
      },
      { service: "payments", problem: "It does not answer: it is started anew, or overloaded." },
      {
        service: "notifications",
        backlog: {
          consumers: [
            {
              topic: "orders.events.v1",
              group: "notifications.order-events",
              running: true,
              lag: 412n,
              deadLetters: 3n,
            },
          ],
        },
      },
    ],
  });

const figures = (p99Ms: number, callsPerSecond: number, eventLoopLagP99Ms = 11.2) => ({
  version: "1.4.0",
  startedTime: timestampFromMs(now - 9_000_000),
  window: durationFromMs(5_000),
  callsPerSecond,
  p99Ms,
  eventLoopLagP99Ms,
  residentBytes: 124_000_000n,
});

const services = create(ListServicesResponseSchema, {
  checkedTime: timestampFromMs(now),
  services: [
    {
      service: "loms",
      replicas: [
        { address: "10.4.0.7:50051", ready: true, figures: figures(7.1, 42.5) },
        { address: "10.4.0.9:50051", ready: true, figures: figures(8.4, 39.9) },
        { address: "10.4.1.2:50051", ready: false, problem: "no answer within 2000 ms" },
      ],
    },
    {
      service: "product",
      replicas: [{ address: "10.4.0.8:50053", ready: true, figures: figures(1.3, 210) }],
    },
    { service: "payments", replicas: [{ address: "10.4.1.4:50054", problem: "nothing listens there" }] },
    {
      service: "notifications",
      replicas: [{ address: "10.4.0.5:50055", ready: true, figures: figures(40.2, 3.1, 412) }],
    },
    { service: "gateway", replicas: [{ address: "10.4.0.2:8080", ready: true, figures: figures(12, 88) }] },
  ],
});

const letter = (type: string, order: number, reason: string, ageMs: number) => ({
  service: "notifications",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  payloadJson: JSON.stringify({ order: { orderId: `${order}`, userId: "1001", version: 3 } }, undefined, 2),
  record: {
    id: `notifications.order-events:0-${order}`,
    topic: "orders.events.v1",
    partition: 3,
    offset: BigInt(order * 3),
    group: "notifications.order-events",
    reason,
    attempts: 5,
    givenUpTime: timestampFromMs(now - ageMs),
    eventType: `ordermesh.events.v1.${type}`,
    eventId: "0198c3a1-77aa-7c3e-9d52-1b2f0a7d5e11",
    subject: `${order}`,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    key: `${order}`,
  },
});

const longReason = 'new row for relation "notifications" violates check constraint "title_not_empty"';

const letters = create(ListDeadLettersResponseSchema, {
  total: 3,
  problems: { payments: "It does not answer: it is started anew, or overloaded." },
  deadLetters: [
    letter("OrderPaid", 1398, "The header ce_id is no id of an event.", 240_000),
    letter("OrderCreated", 1402, longReason, 61_000),
    letter("OrderAwaitingPayment", 1402, longReason, 60_000),
  ],
});

const mismatch = create(GetVerificationResponseSchema, {
  verification: {
    state: VerificationState.FINISHED,
    startedTime: timestampFromMs(now - 65_000),
    duration: durationFromMs(1_840),
    checks: [
      { invariant: "I1", claim: "0 ≤ reserved ≤ on_hand for every SKU and warehouse", examined: 2_017n },
      {
        invariant: "I6",
        claim: "an order's holds are what its status says: open, committed, or none",
        examined: 377n,
        findings: ["order 1377 is paid, but 1 of 2 units of SKU 1076963 are only held"],
        findingsTotal: 1,
      },
      { invariant: "I14", claim: "a service order has the codes that it was promised", examined: 0n },
    ],
  },
});

/** What a call answers from now on. */
async function answer<Shape extends Message>(
  page: Page,
  call: string,
  schema: GenMessage<Shape>,
  message: Shape,
): Promise<void> {
  await page.route(`**/ordermesh.operations.v1.${call}`, (route) =>
    route.fulfill({
      status: 200,
      contentType: "application/proto",
      body: Buffer.from(toBinary(schema, message)),
    }),
  );
}

async function answerBacklogs(page: Page, depth: number): Promise<void> {
  await answer<ListBacklogsResponse>(
    page,
    "OperationsService/ListBacklogs",
    ListBacklogsResponseSchema,
    backlogsOf(depth),
  );
}

/** How deep the outbox of loms is, at each reading: it fills. */
const depths = [3, 9, 14, 31, 47, 52, 88, 128];

async function inTrouble(page: Page, path: string, text: string | RegExp, depth = 128): Promise<void> {
  await answer(page, "OperationsService/ListServices", ListServicesResponseSchema, services);
  await answerBacklogs(page, depth);
  await answer(page, "OperationsService/ListDeadLetters", ListDeadLettersResponseSchema, letters);
  await answer(page, "VerificationService/GetVerification", GetVerificationResponseSchema, mismatch);
  await openAt(page, path, text);
}

const letterId = encodeURIComponent("notifications.order-events:0-1402");

const troubled: readonly Screen[] = [
  {
    name: "operations-trouble",
    who: "operator",
    async open(page) {
      await inTrouble(page, "/ops", "payments is away", depths[0]);
      for (const depth of depths) {
        await answerBacklogs(page, depth);
        await page.getByRole("button", { name: "Refresh" }).click();
        await page
          .getByRole("link", { name: `${depth} in the outbox of loms` })
          .first()
          .waitFor();
      }
      await page.mouse.move(0, 0);
    },
  },
  {
    name: "operations-outbox-trouble",
    who: "operator",
    open: (page) => inTrouble(page, "/ops/outbox", "What waits in payments cannot be told"),
  },
  {
    name: "operations-dead-letters",
    who: "operator",
    open: (page) => inTrouble(page, "/ops/dead-letters", "OrderPaid of 1398"),
  },
  {
    name: "operations-dead-letter",
    who: "operator",
    open: (page) =>
      inTrouble(page, `/ops/dead-letters/letter?of=notifications&id=${letterId}`, "What is in it"),
  },
  {
    name: "operations-redrive",
    who: "operator",
    async open(page) {
      await inTrouble(page, "/ops/dead-letters", "OrderPaid of 1398");
      await page.getByRole("button", { name: /^Send back all/ }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "operations-verify-mismatch",
    who: "operator",
    open: (page) => inTrouble(page, "/ops/verify", "1 thing is not as it must be"),
  },
];

const others: readonly Screen[] = [
  {
    name: "operations-error",
    who: "operator",
    async open(page) {
      await page.route("**/*OperationsService/*", (route) => route.fulfill({ status: 500, body: "" }));
      await openAt(page, "/ops", "could not be loaded");
    },
  },
  { name: "operations-refused", who: "buyer", open: (page) => openAt(page, "/ops", "This page is for") },
  { name: "api", who: "nobody", open: (page) => openAt(page, "/api", "Sets how many units") },
  { name: "api-search", who: "operator", open: (page) => openAt(page, "/api?q=redrive", "1 call") },
  {
    name: "api-none",
    who: "nobody",
    open: (page) => openAt(page, "/api?q=xyzzy", "No call has"),
    unpictured: true,
  },
];

import fc from "fast-check";
import { expect, test } from "vitest";
import { endReasonOf, type OrderState, type PaymentState, type PaymentStatus } from "./payment.ts";
import { type Decision, decide, type PaymentEvent, paymentStatuses } from "./payment-status.ts";

const fresh: PaymentState = {
  status: "requires_payment",
  orderState: "awaiting_payment",
  amountMinor: 100n,
  capturedMinor: 0n,
  refundRequestedMinor: 0n,
  refundedMinor: 0n,
};

/** A payment as it is when it has come to a status in the usual way. */
const examples: Readonly<Record<PaymentStatus, PaymentState>> = {
  requires_payment: fresh,
  processing: { ...fresh, status: "processing" },
  declined: { ...fresh, status: "declined" },
  captured: { ...fresh, status: "captured", capturedMinor: 100n },
  partially_refunded: {
    ...fresh,
    status: "partially_refunded",
    orderState: "paid",
    capturedMinor: 100n,
    refundRequestedMinor: 40n,
    refundedMinor: 40n,
  },
  refunded: {
    ...fresh,
    status: "refunded",
    orderState: "expired",
    capturedMinor: 100n,
    refundRequestedMinor: 100n,
    refundedMinor: 100n,
  },
  canceled: { ...fresh, status: "canceled", orderState: "canceled" },
};

const events = {
  start: { kind: "attempt_started", isPastDeadline: false },
  lateStart: { kind: "attempt_started", isPastDeadline: true },
  captured: { kind: "attempt_captured", amountMinor: 100n },
  declined: { kind: "attempt_declined" },
  ended: { kind: "order_ended", how: "expired" },
  paid: { kind: "order_paid" },
  voided: { kind: "bill_voided", givesBack: true },
  voidedIfFree: { kind: "bill_voided", givesBack: false },
  refund60: { kind: "refund_requested", amountMinor: 60n },
  refund61: { kind: "refund_requested", amountMinor: 61n },
} as const satisfies Record<string, PaymentEvent>;

/** One cell in short: where it moves to and with what consequences, "unchanged", or why it is refused. */
function outcome(decision: Decision): string {
  switch (decision.kind) {
    case "move": {
      const { to, announces, refundDue } = decision;
      const due = refundDue && `gives back ${refundDue.amountMinor} for ${refundDue.reason}`;
      return [to.status, announces && `announced as ${announces}`, due].filter(Boolean).join(", ");
    }
    case "unchanged":
      return "unchanged";
    case "refused":
      return decision.reason;
  }
}

const duplicate = "gives back 100 for duplicate_capture";
const table: Record<PaymentStatus, Record<keyof typeof events, string>> = {
  requires_payment: {
    start: "processing",
    lateStart: "PAYMENT_DEADLINE_PASSED",
    captured: "captured, announced as captured",
    declined: "unchanged",
    ended: "canceled, announced as canceled",
    paid: "canceled, announced as canceled",
    voided: "canceled, announced as canceled",
    voidedIfFree: "canceled, announced as canceled",
    refund60: "NOTHING_CAPTURED",
    refund61: "NOTHING_CAPTURED",
  },
  processing: {
    start: "PAYMENT_PROCESSING",
    lateStart: "PAYMENT_PROCESSING",
    captured: "captured, announced as captured",
    declined: "declined, announced as declined",
    ended: "processing",
    paid: "processing",
    voided: "processing",
    voidedIfFree: "PAYMENT_PROCESSING",
    refund60: "NOTHING_CAPTURED",
    refund61: "NOTHING_CAPTURED",
  },
  captured: {
    start: "PAYMENT_CAPTURED",
    lateStart: "PAYMENT_CAPTURED",
    captured: `captured, ${duplicate}`,
    declined: "unchanged",
    ended: "captured, gives back 100 for order_expired",
    paid: "captured",
    voided: "captured, gives back 100 for bill_voided",
    voidedIfFree: "PAYMENT_CAPTURED",
    refund60: "captured",
    refund61: "captured",
  },
  declined: {
    start: "processing",
    lateStart: "PAYMENT_DEADLINE_PASSED",
    captured: "captured, announced as captured",
    declined: "unchanged",
    ended: "canceled, announced as canceled",
    paid: "canceled, announced as canceled",
    voided: "canceled, announced as canceled",
    voidedIfFree: "canceled, announced as canceled",
    refund60: "NOTHING_CAPTURED",
    refund61: "NOTHING_CAPTURED",
  },
  partially_refunded: {
    start: "PAYMENT_CAPTURED",
    lateStart: "PAYMENT_CAPTURED",
    captured: `captured, ${duplicate}`,
    declined: "unchanged",
    ended: "partially_refunded, gives back 60 for order_expired",
    paid: "partially_refunded",
    voided: "partially_refunded, gives back 60 for bill_voided",
    voidedIfFree: "PAYMENT_CAPTURED",
    refund60: "partially_refunded",
    refund61: "REFUND_EXCEEDS_CAPTURED",
  },
  refunded: {
    start: "PAYMENT_CAPTURED",
    lateStart: "PAYMENT_CAPTURED",
    captured: "captured, gives back 100 for order_expired",
    declined: "unchanged",
    ended: "refunded",
    paid: "refunded",
    voided: "refunded",
    voidedIfFree: "PAYMENT_CAPTURED",
    refund60: "REFUND_EXCEEDS_CAPTURED",
    refund61: "REFUND_EXCEEDS_CAPTURED",
  },
  canceled: {
    start: "PAYMENT_CANCELED",
    lateStart: "PAYMENT_CANCELED",
    captured: "captured, announced as captured, gives back 100 for order_canceled",
    declined: "unchanged",
    ended: "unchanged",
    paid: "unchanged",
    voided: "unchanged",
    voidedIfFree: "unchanged",
    refund60: "NOTHING_CAPTURED",
    refund61: "NOTHING_CAPTURED",
  },
};

const cells = paymentStatuses.flatMap((status) =>
  (Object.keys(events) as (keyof typeof events)[]).map((event) => ({ status, event })),
);

test.each(cells)("$event on $status", ({ status, event }) => {
  expect(outcome(decide(examples[status], events[event]))).toBe(table[status][event]);
});

const anyEvent: fc.Arbitrary<PaymentEvent> = fc.oneof(
  fc.record({ kind: fc.constant("attempt_started" as const), isPastDeadline: fc.boolean() }),
  fc.constant({ kind: "attempt_captured" as const, amountMinor: 100n }),
  fc.constant({ kind: "attempt_declined" as const }),
  fc.record({
    kind: fc.constant("order_ended" as const),
    how: fc.constantFrom("canceled" as const, "expired" as const, "failed" as const),
  }),
  fc.constant({ kind: "order_paid" as const }),
  fc.record({ kind: fc.constant("refund_requested" as const), amountMinor: fc.bigInt(-5n, 150n) }),
);

/** What the provider will still confirm or refuse, so that runs do as the service does: no answer without a question. */
interface Run {
  state: PaymentState;
  pending: bigint[];
}

function apply(run: Run, event: PaymentEvent): Decision {
  const before = run.state.refundRequestedMinor;
  const decision = decide(run.state, event);
  if (decision.kind === "move") {
    run.state = decision.to;
    const begun = event.kind === "refund_failed" ? 0n : decision.to.refundRequestedMinor - before;
    if (begun > 0n) {
      run.pending.push(begun);
    }
  }
  return decision;
}

function settle(run: Run, succeeds: boolean): void {
  const amountMinor = run.pending.shift();
  if (amountMinor !== undefined) {
    apply(run, { kind: succeeds ? "refund_succeeded" : "refund_failed", amountMinor });
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: anyEvent },
  { weight: 1, arbitrary: fc.constantFrom("refund confirmed" as const, "refund refused" as const) },
);

function takeSteps(steps: readonly (PaymentEvent | "refund confirmed" | "refund refused")[]): Run {
  const run: Run = { state: fresh, pending: [] };
  for (const next of steps) {
    if (typeof next === "string") {
      settle(run, next === "refund confirmed");
    } else {
      apply(run, next);
    }
  }
  return run;
}

function brokenLaw(state: PaymentState): string | undefined {
  const { status, capturedMinor, refundRequestedMinor, refundedMinor, orderState } = state;
  if (
    !(0n <= refundedMinor && refundedMinor <= refundRequestedMinor && refundRequestedMinor <= capturedMinor)
  ) {
    return "0 ≤ refunded ≤ requested ≤ captured";
  }
  if (capturedMinor > 0n !== ["captured", "partially_refunded", "refunded"].includes(status)) {
    return "the status tells whether money came";
  }
  if (status === "refunded" && refundedMinor !== capturedMinor) {
    return "refunded means all of it";
  }
  return status === "canceled" && endReasonOf(orderState) === undefined ? "canceled has a reason" : undefined;
}

test("whatever happens, no more is given back than was captured, and the status is what the money says", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const run: Run = { state: fresh, pending: [] };
      for (const next of steps) {
        if (typeof next === "string") {
          settle(run, next === "refund confirmed");
        } else {
          apply(run, next);
        }
        reached.add(run.state.status);
        // One comparison instead of six: half a million calls of expect take ten seconds.
        if (brokenLaw(run.state) !== undefined) {
          expect(run.state, brokenLaw(run.state)).toBeUndefined();
        }
      }
    }),
    { numRuns: 20_000 },
  );
  expect([...reached].sort()).toEqual([...paymentStatuses].sort());
});

test("a refund that the provider refuses is told, and may be asked for again", () => {
  const paid: PaymentState = { ...fresh, status: "captured", capturedMinor: 100n, refundRequestedMinor: 60n };
  const decision = decide(paid, { kind: "refund_failed", amountMinor: 60n });
  expect(decision).toEqual({
    kind: "move",
    to: { ...paid, refundRequestedMinor: 0n },
    announces: "refund_failed",
  });
  expect(decide({ ...paid, refundRequestedMinor: 0n }, events.refund60)).toMatchObject({ kind: "move" });
});

const endedStates: OrderState[] = ["canceled", "expired", "failed", "paid_otherwise"];

test("once an order has ended unpaid, all that was captured goes back as soon as the provider confirms", () => {
  let refunded = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const withoutRefusals = steps.filter((next) => next !== "refund refused");
      const run = takeSteps([...withoutRefusals, { kind: "order_ended", how: "expired" }]);
      while (run.pending.length > 0) {
        settle(run, true);
      }
      const { status, orderState, capturedMinor, refundedMinor } = run.state;
      expect(endedStates).toContain(orderState);
      if (status !== "processing") {
        expect(capturedMinor - refundedMinor).toBe(0n);
        refunded += status === "refunded" ? 1 : 0;
      }
    }),
    { numRuns: 20_000 },
  );
  expect(refunded).toBeGreaterThan(100);
});

test("captured once or many times, what is kept in the end is the order's total", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), (captures) => {
      const run = takeSteps([
        { kind: "attempt_started", isPastDeadline: false },
        ...Array.from({ length: captures }, () => events.captured),
        { kind: "order_paid" },
      ]);
      while (run.pending.length > 0) {
        settle(run, true);
      }
      expect(run.state.capturedMinor - run.state.refundedMinor).toBe(100n);
      expect(run.state.status).toBe("captured");
    }),
  );
});

test("news of the order can be repeated", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 15 }),
      fc.constantFrom(events.ended, events.paid),
      (steps, news) => {
        const run = takeSteps(steps);
        apply(run, news);
        const once = run.state;
        const pending = [...run.pending];
        apply(run, news);
        expect(run.state).toEqual(once);
        expect(run.pending).toEqual(pending);
      },
    ),
  );
});

const shareStep = fc.oneof(
  fc.constant(events.start),
  fc.constant(events.captured),
  fc.constant(events.declined),
  fc.record({ kind: fc.constant("bill_voided" as const), givesBack: fc.boolean() }),
  fc.record({ kind: fc.constant("refund_requested" as const), amountMinor: fc.bigInt(1n, 150n) }),
  fc.constantFrom("refund confirmed" as const, "refund refused" as const),
);

test("once a bill share is not to be paid any more, nothing is kept, also of what comes later", () => {
  const reached = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(shareStep, { maxLength: 12 }),
      fc.array(shareStep, { maxLength: 6 }),
      (before, after) => {
        const later = after.filter((next) => next !== "refund refused");
        const run = takeSteps([
          ...before.filter((next) => next !== "refund refused"),
          { kind: "bill_voided", givesBack: true },
          { kind: "bill_voided", givesBack: true },
          ...later,
        ]);
        while (run.pending.length > 0) {
          settle(run, true);
        }
        const { status, orderState, capturedMinor, refundedMinor } = run.state;
        reached.set(status, (reached.get(status) ?? 0) + 1);
        expect(orderState).toBe("bill_voided");
        expect(capturedMinor).toBe(refundedMinor);
        expect(["processing", "canceled", "refunded"]).toContain(status);
      },
    ),
    { numRuns: 10_000 },
  );
  expect([...reached.keys()].sort()).toEqual(["canceled", "processing", "refunded"]);
});

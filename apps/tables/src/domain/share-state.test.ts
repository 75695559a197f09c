import fc from "fast-check";
import { expect, test } from "vitest";
import type { BillShare, BillState } from "./bill.ts";
import { decideShare, type ShareDecision, type ShareEvent } from "./share-state.ts";

type State = Pick<BillShare, "state" | "settledBy" | "tryId" | "writeOffReason">;

const fresh: State = { state: "unpaid", settledBy: undefined, tryId: undefined, writeOffReason: undefined };

const examples = {
  unpaid: fresh,
  tried: { ...fresh, tryId: 1n },
  processing: { ...fresh, state: "processing", tryId: 1n },
  closing: { ...fresh, state: "processing", tryId: 1n, writeOffReason: "they left" },
  card: { ...fresh, state: "paid", settledBy: "card", tryId: 1n },
  cash: { ...fresh, state: "paid", settledBy: "cash" },
} as const satisfies Record<string, State>;

const events = {
  tried: { kind: "card_tried" },
  captured: { kind: "card_captured" },
  refused: { kind: "card_refused", code: "card_declined" },
  cash: { kind: "settled", how: "cash" },
  writtenOff: { kind: "settled", how: "written_off" },
  closed: { kind: "write_off_asked" },
  givenUp: { kind: "given_up" },
} as const satisfies Record<string, ShareEvent>;

/** One cell in short. */
function outcome(decision: ShareDecision): string {
  if (decision.kind === "refused") {
    return decision.reason;
  }
  const what =
    decision.kind === "move"
      ? [decision.to, decision.settledBy && `by ${decision.settledBy}`, decision.declineCode]
      : ["-"];
  return [...what, decision.cancelsPayment && "and cancels"].filter(Boolean).join(" ");
}

const tried = {
  unpaid: "processing",
  tried: "processing",
  processing: "SHARE_PROCESSING",
  closing: "SHARE_PROCESSING",
  card: "SHARE_PAID",
  cash: "SHARE_PAID",
};

const table: Record<keyof typeof events, Record<keyof typeof examples, string>> = {
  tried,
  captured: {
    unpaid: "paid by card",
    tried: "paid by card",
    processing: "paid by card",
    closing: "paid by card",
    card: "-",
    cash: "- and cancels",
  },
  refused: {
    unpaid: "-",
    tried: "-",
    processing: "unpaid card_declined",
    closing: "paid by written_off card_declined and cancels",
    card: "-",
    cash: "-",
  },
  cash: {
    unpaid: "paid by cash",
    tried: "paid by cash and cancels",
    processing: "SHARE_PROCESSING",
    closing: "SHARE_PROCESSING",
    card: "SHARE_PAID",
    cash: "-",
  },
  writtenOff: {
    unpaid: "paid by written_off",
    tried: "paid by written_off and cancels",
    processing: "SHARE_PROCESSING",
    closing: "SHARE_PROCESSING",
    card: "SHARE_PAID",
    cash: "SHARE_PAID",
  },
  closed: {
    unpaid: "paid by written_off",
    tried: "paid by written_off and cancels",
    processing: "-",
    closing: "-",
    card: "-",
    cash: "-",
  },
  givenUp: {
    unpaid: "-",
    tried: "-",
    processing: "paid by written_off and cancels",
    closing: "paid by written_off and cancels",
    card: "-",
    cash: "-",
  },
};

const cells = (Object.keys(events) as (keyof typeof events)[]).flatMap((event) =>
  (Object.keys(examples) as (keyof typeof examples)[]).map((example) => ({ event, example })),
);

test.each(cells)("$event on $example", ({ event, example }) => {
  expect(outcome(decideShare("open", examples[example], events[event]))).toBe(table[event][example]);
});

test("for a bill that was taken back nothing is paid, and what was captured goes back", () => {
  const outcomes = Object.values(events).map((event) => outcome(decideShare("void", examples.tried, event)));
  expect(outcomes).toEqual(["BILL_VOID", "- and cancels", "-", "BILL_VOID", "BILL_VOID", "-", "-"]);
});

test("whatever happens, a share is paid in one way, and all other money for it goes back", () => {
  const ways = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.values(events)), { maxLength: 12 }),
      fc.option(fc.nat(11), { nil: undefined }),
      (steps, voidAt) => {
        let share: State = fresh;
        let bill: BillState = "open";
        let captured = false;
        let isToGoBack = false;
        for (const [index, event] of steps.entries()) {
          if (index === voidAt && share.state === "unpaid") {
            bill = "void";
            isToGoBack = share.tryId !== undefined;
          }
          // Nothing is captured for a share that nobody ever tried to pay.
          if (event.kind === "card_captured" && share.tryId === undefined) {
            continue;
          }
          captured ||= event.kind === "card_captured";
          const decision = decideShare(bill, share, event);
          if (event.kind === "write_off_asked" && share.state === "processing") {
            share = { ...share, writeOffReason: "closed" };
          }
          if (decision.kind === "refused") {
            continue;
          }
          isToGoBack ||= decision.cancelsPayment;
          if (decision.kind === "move") {
            expect(share.state).not.toBe("paid");
            const { to: state, settledBy } = decision;
            const tryId = event.kind === "card_tried" ? 1n : share.tryId;
            share = { ...share, state, settledBy, tryId };
          }
        }
        expect(share.state === "paid").toBe(share.settledBy !== undefined);
        const isKept = share.settledBy === "card";
        expect(captured && !isKept ? isToGoBack : true).toBe(true);
        expect(isKept && isToGoBack).toBe(false);
        ways.add(`${bill} ${share.settledBy ?? share.state}`);
      },
    ),
    { numRuns: 5_000 },
  );
  expect([...ways].sort()).toEqual([
    "open card",
    "open cash",
    "open processing",
    "open unpaid",
    "open written_off",
    "void unpaid",
  ]);
});

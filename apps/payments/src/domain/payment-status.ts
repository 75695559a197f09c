import {
  type CancelReason,
  endReasonOf,
  type OrderEnd,
  type PaymentState,
  type PaymentStatus,
  type RefundReason,
} from "./payment.ts";

/** What can happen to a payment. Amounts are in minor units and greater than 0. */
export type PaymentEvent =
  | { readonly kind: "attempt_started"; readonly isPastDeadline: boolean }
  | { readonly kind: "attempt_captured"; readonly amountMinor: bigint }
  | { readonly kind: "attempt_declined" }
  | { readonly kind: "order_ended"; readonly how: OrderEnd }
  | { readonly kind: "order_paid" }
  /** `givesBack`: whether money that is here, or comes later, goes back; else it stands in the way. */
  | { readonly kind: "bill_voided"; readonly givesBack: boolean }
  | { readonly kind: "refund_requested"; readonly amountMinor: bigint }
  | { readonly kind: "refund_succeeded"; readonly amountMinor: bigint }
  | { readonly kind: "refund_failed"; readonly amountMinor: bigint };

export const paymentStatuses: readonly PaymentStatus[] = [
  "requires_payment",
  "processing",
  "captured",
  "declined",
  "partially_refunded",
  "refunded",
  "canceled",
];

/** Why something is refused: stable, for programs. */
export type RefusalReason =
  | "PAYMENT_PROCESSING"
  | "PAYMENT_CAPTURED"
  | "PAYMENT_CANCELED"
  | "PAYMENT_DEADLINE_PASSED"
  | "NOTHING_CAPTURED"
  | "REFUND_EXCEEDS_CAPTURED";

/** What the world is told of. */
export type Announcement = "captured" | "declined" | "refunded" | "refund_failed" | "canceled";

export type Decision =
  | {
      readonly kind: "move";
      readonly to: PaymentState;
      readonly announces?: Announcement;
      /** Money that has to go back by itself; it is counted as requested in `to` already. */
      readonly refundDue?: { readonly amountMinor: bigint; readonly reason: RefundReason };
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

type Rule<Event> = (state: PaymentState, event: Event) => Decision;
type RuleOf<Kind extends PaymentEvent["kind"]> = Rule<Extract<PaymentEvent, { kind: Kind }>>;

const ignore = (): Decision => ({ kind: "unchanged" });
const refuse = (reason: RefusalReason) => (): Decision => ({ kind: "refused", reason });

const begin: RuleOf<"attempt_started"> = (state, { isPastDeadline }) =>
  isPastDeadline
    ? { kind: "refused", reason: "PAYMENT_DEADLINE_PASSED" }
    : { kind: "move", to: { ...state, status: "processing" } };

/** Money came. If nobody wants it any more, or it came before, all of it goes back. */
const capture: RuleOf<"attempt_captured"> = (state, { amountMinor }) => {
  const isDuplicate = state.capturedMinor > 0n;
  const reason: RefundReason | undefined =
    endReasonOf(state.orderState) ?? (isDuplicate ? "duplicate_capture" : undefined);
  const captured = { ...state, capturedMinor: state.capturedMinor + amountMinor };
  const to = reason === undefined ? captured : requestRefund(captured, amountMinor);
  return {
    kind: "move",
    to: { ...to, status: statusByMoney(to) },
    ...(!isDuplicate && { announces: "captured" }),
    ...(reason !== undefined && { refundDue: { amountMinor, reason } }),
  };
};

const decline: RuleOf<"attempt_declined"> = (state) =>
  endReasonOf(state.orderState) === undefined
    ? { kind: "move", to: { ...state, status: "declined" }, announces: "declined" }
    : { kind: "move", to: { ...state, status: "canceled" }, announces: "canceled" };

const cancel: RuleOf<"order_ended"> = (state, { how }) => ({
  kind: "move",
  to: { ...state, status: "canceled", orderState: how },
  announces: "canceled",
});

const cancelAsPaid: RuleOf<"order_paid"> = (state) => ({
  kind: "move",
  to: { ...state, status: "canceled", orderState: "paid_otherwise" },
  announces: "canceled",
});

/** The provider is being asked: what it answers decides, and whatever it captures will go back. */
const noteEnd: RuleOf<"order_ended"> = (state, { how }) => ({
  kind: "move",
  to: { ...state, orderState: how },
});

const notePaidOtherwise: RuleOf<"order_paid"> = (state) => ({
  kind: "move",
  to: { ...state, orderState: "paid_otherwise" },
});

const notePaid: RuleOf<"order_paid"> = (state) => ({ kind: "move", to: { ...state, orderState: "paid" } });

const giveBack: RuleOf<"order_ended"> = (state, { how }) => giveBackFor(state, how);

function giveBackFor(state: PaymentState, how: OrderEnd | "bill_voided"): Decision {
  const ended = { ...state, orderState: how };
  const amountMinor = state.capturedMinor - state.refundRequestedMinor;
  const reason = endReasonOf(how) as CancelReason;
  return amountMinor === 0n
    ? { kind: "move", to: ended }
    : { kind: "move", to: requestRefund(ended, amountMinor), refundDue: { amountMinor, reason } };
}

const cancelShare: RuleOf<"bill_voided"> = (state) => ({
  kind: "move",
  to: { ...state, status: "canceled", orderState: "bill_voided" },
  announces: "canceled",
});

const isVoided = ({ orderState }: PaymentState): boolean => orderState === "bill_voided";

/** What the provider answers decides, as with an order that has ended. */
const noteVoided: RuleOf<"bill_voided"> = (state, { givesBack }) => {
  if (isVoided(state)) {
    return { kind: "unchanged" };
  }
  return givesBack
    ? { kind: "move", to: { ...state, orderState: "bill_voided" } }
    : { kind: "refused", reason: "PAYMENT_PROCESSING" };
};

const giveShareBack: RuleOf<"bill_voided"> = (state, { givesBack }) => {
  if (isVoided(state)) {
    return { kind: "unchanged" };
  }
  return givesBack ? giveBackFor(state, "bill_voided") : { kind: "refused", reason: "PAYMENT_CAPTURED" };
};

const request: RuleOf<"refund_requested"> = (state, { amountMinor }) => {
  if (state.capturedMinor === 0n) {
    return { kind: "refused", reason: "NOTHING_CAPTURED" };
  }
  return amountMinor <= 0n || amountMinor > state.capturedMinor - state.refundRequestedMinor
    ? { kind: "refused", reason: "REFUND_EXCEEDS_CAPTURED" }
    : { kind: "move", to: requestRefund(state, amountMinor) };
};

const refund: RuleOf<"refund_succeeded"> = (state, { amountMinor }) => {
  const to = { ...state, refundedMinor: state.refundedMinor + amountMinor };
  return { kind: "move", to: { ...to, status: statusByMoney(to) }, announces: "refunded" };
};

const takeBackRequest: RuleOf<"refund_failed"> = (state, { amountMinor }) => ({
  kind: "move",
  to: { ...state, refundRequestedMinor: state.refundRequestedMinor - amountMinor },
  announces: "refund_failed",
});

function requestRefund(state: PaymentState, amountMinor: bigint): PaymentState {
  return { ...state, refundRequestedMinor: state.refundRequestedMinor + amountMinor };
}

/** Of a payment that was captured: what is left of the money says how it stands. */
function statusByMoney({ amountMinor, capturedMinor, refundedMinor }: PaymentState): PaymentStatus {
  const left = capturedMinor - refundedMinor;
  if (left >= amountMinor) {
    return "captured";
  }
  return left === 0n ? "refunded" : "partially_refunded";
}

type Rules = { readonly [Kind in PaymentEvent["kind"]]: RuleOf<Kind> };

const noRefund = {
  refund_requested: refuse("NOTHING_CAPTURED"),
  refund_succeeded: ignore,
  refund_failed: ignore,
};

const waiting: Rules = {
  attempt_started: begin,
  attempt_captured: capture,
  attempt_declined: ignore,
  order_ended: cancel,
  order_paid: cancelAsPaid,
  bill_voided: cancelShare,
  ...noRefund,
};

const paid: Rules = {
  attempt_started: refuse("PAYMENT_CAPTURED"),
  attempt_captured: capture,
  attempt_declined: ignore,
  order_ended: giveBack,
  order_paid: notePaid,
  bill_voided: giveShareBack,
  refund_requested: request,
  refund_succeeded: refund,
  refund_failed: takeBackRequest,
};

/** The one table of moves: each status with each event. */
const rules: Readonly<Record<PaymentStatus, Rules>> = {
  requires_payment: waiting,
  // A capture may still be reported for an attempt that was declined before: the money counts, not the order of news.
  declined: waiting,
  processing: {
    attempt_started: refuse("PAYMENT_PROCESSING"),
    attempt_captured: capture,
    attempt_declined: decline,
    order_ended: noteEnd,
    order_paid: notePaidOtherwise,
    bill_voided: noteVoided,
    ...noRefund,
  },
  captured: paid,
  partially_refunded: paid,
  refunded: paid,
  canceled: {
    attempt_started: refuse("PAYMENT_CANCELED"),
    attempt_captured: capture,
    attempt_declined: ignore,
    order_ended: ignore,
    order_paid: ignore,
    bill_voided: ignore,
    ...noRefund,
  },
};

/** What an event does to a payment. Pure: the same for every replica, and for every repetition. */
export function decide(state: PaymentState, event: PaymentEvent): Decision {
  // Each rule takes the event of its own key, which the compiler does not follow through the table.
  const rule = rules[state.status][event.kind] as Rule<PaymentEvent>;
  return rule(state, event);
}

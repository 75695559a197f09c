import type { Refusal } from "@ordermesh/workflow/decide";
import type {
  DurationName,
  EffectName,
  EventName,
  MachineName,
  ReasonName,
  Role,
  TimerName,
} from "./names.ts";
import type { OrderSnapshot, SheetSnapshot } from "./order-snapshot.ts";

/** What somebody wants of an order. Amounts in minor units. */
export interface ActionRequest {
  readonly role: Role;
  readonly action: string;
  /** The item that it is about. Absent: the order as a whole; of a service order it may be left out. */
  readonly sku?: number | undefined;
  /** Of a refund that is requested or changed. Absent: all that can be refunded; when it is changed: as it was. */
  readonly amountMinor?: number | undefined;
  /** Of "change refund request". Absent: as it was. */
  readonly refundKind?: "refund_only" | "with_return" | undefined;
  /** Of "payment successful". Absent: all that the lines cost. */
  readonly capturedMinor?: number | undefined;
}

/** One step of the history: an action that one or more machines took. */
export interface Move {
  /** Of the order, counting on from the snapshot's. */
  readonly version: number;
  readonly role: Role;
  readonly action: string;
  /** Whether it followed by itself from what was asked for. */
  readonly isAutomatic: boolean;
  /** The machines that took it, with the states from and to; of a refund that begins: from "". */
  readonly steps: readonly MachineStep[];
  /** The item that it is about. */
  readonly sku: number | undefined;
  /** After it. */
  readonly orderState: string;
  /** After it, if it is about an item. */
  readonly itemState: string | undefined;
  /** After it, if it is about a refund. */
  readonly sheet: SheetSnapshot | undefined;
  readonly event: EventName | undefined;
  /** Why the order was canceled, if this did so. */
  readonly reason: ReasonName | undefined;
  /** What is to be done, in this order. */
  readonly effects: readonly EffectCall[];
}

export interface MachineStep {
  readonly machine: MachineName;
  readonly from: string;
  readonly to: string;
}

export interface EffectCall {
  readonly effect: EffectName;
  /** Of effects on an item or its refund. */
  readonly sku: number | undefined;
  /** Of `request_refund` and `record_refund`: never 0. */
  readonly amountMinor: number | undefined;
}

/** What is to be done to a timer. */
export interface TimerChange {
  /** `hold`: it stands still and keeps what is left of it. `extend`: it fires later by `duration`. */
  readonly change: "start" | "stop" | "hold" | "resume" | "extend";
  readonly timer: TimerName;
  readonly machine: MachineName;
  /** Of a refund's timer. */
  readonly sku: number | undefined;
  /** What it does, as P. */
  readonly action: string;
  /** Of `start` and `extend`: how long. */
  readonly duration: DurationName;
  /** The version that started it. It does nothing once its order, or its refund, has left the state of that version. */
  readonly step: number;
}

/** Why nothing happened: the reasons of the library, and what concerns items. */
export type ActionRefusal = Omit<Refusal, "reason"> & {
  readonly reason: Refusal["reason"] | "UNKNOWN_ITEM" | "ITEM_REQUIRED";
};

export interface AppliedAction {
  readonly kind: "applied";
  /** The order after it. */
  readonly order: OrderSnapshot;
  /** Never empty: first what was asked for, then what followed. */
  readonly moves: readonly Move[];
  readonly timers: readonly TimerChange[];
  /** Set if the order moved, but not as asked: PAYMENT_DEADLINE_PASSED. */
  readonly refusedWith: string | undefined;
}

export interface RefusedAction {
  readonly kind: "refused";
  readonly refusal: ActionRefusal;
}

export type ActionOutcome = AppliedAction | RefusedAction;

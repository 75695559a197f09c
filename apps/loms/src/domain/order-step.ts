import type { RefundKind } from "../workflows/names.ts";
import type { ActionParameters } from "./action-parameters.ts";
import type { CancelReason, OrderStatus } from "./order.ts";

/** One entry of an order's history: what was done, by whom, and where it led. */
export interface OrderStep {
  /** 1, 2, 3 … without holes. */
  readonly version: number;
  /** The order's, after this step. */
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | undefined;
  readonly changedAt: Date;
  /** Undefined, like the next three, for the two steps with which an order begins. */
  readonly role: string | undefined;
  /** "user:7", "service:payments", "timer", or `workflowActor`. */
  readonly actor: string | undefined;
  readonly action: string | undefined;
  /** The item that it was about. */
  readonly sku: number | undefined;
  /** Where the item and its refund stand after this step, if it was about one. */
  readonly itemState: string | undefined;
  readonly refundId: bigint | undefined;
  /** As it was then: a request may be changed. */
  readonly refundKind: RefundKind | undefined;
  readonly refundState: string | undefined;
  /** What the workflow calls that which happened. */
  readonly event: string | undefined;
  /** Of the action that was asked for; what followed from it has none. */
  readonly parameters: ActionParameters | undefined;
  /** Of the call, the event or the timer that made it. Undefined for steps from before traces were kept. */
  readonly trace: StepTrace | undefined;
}

export interface StepTrace {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Whether its spans are kept, where the installation keeps any. Log lines have its id anyhow. */
  readonly isRecorded: boolean;
}

/** Who did what followed from the step before. */
export const workflowActor = "workflow";

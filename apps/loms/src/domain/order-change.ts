import type { ActingRole } from "./acting-roles.ts";
import type { ActionParameters } from "./action-parameters.ts";
import type { OrderCommand } from "./order-command.ts";

interface ChangeOfOrder {
  readonly orderId: bigint;
  readonly traceparent: string;
  /** To anybody else's order it is as if there were none. Undefined: to any order. */
  readonly limitedToUserId?: bigint | undefined;
  /** To any order but those at tables it is as if there were none. */
  readonly onlyAtTables?: boolean;
  /** Who asked, for the history: "user:7". Undefined: the system. */
  readonly actor?: string;
}

/** A step of the purchase path. */
export interface CommandChange extends ChangeOfOrder {
  readonly command: OrderCommand;
}

/** An action of the order's workflow. */
export interface ActionChange extends ChangeOfOrder {
  readonly command: "act";
  /** In which of these roles, the first of them that may. */
  readonly roles: readonly ActingRole[];
  readonly action: string;
  /** 0: the order as a whole. */
  readonly sku: number;
  readonly parameters: ActionParameters;
  /** 0: whichever. */
  readonly expectedVersion: number;
  /** The caller's name for it; undefined: none. */
  readonly intent: ActionIntent | undefined;
}

export interface ActionIntent {
  /** Whose key it is. */
  readonly caller: string;
  readonly key: string;
  /** SHA-256 of what was asked, in hex. */
  readonly requestHash: string;
}

/** A timer fires. */
export interface TimerFiring extends ChangeOfOrder {
  readonly command: "fire";
  readonly timer: string;
  readonly sku: number;
  /** The version of the order whose step started it. */
  readonly step: number;
  /** Set if somebody fires it before its time. */
  readonly early?: boolean;
}

/** Something outside of the order has changed: what follows from that by itself is to happen. */
export interface Settlement extends ChangeOfOrder {
  readonly command: "settle";
}

/** What the payment service says of a refund. */
export interface RefundAnswer extends ChangeOfOrder {
  readonly command: "refunded" | "refund failed";
  readonly refundId: bigint;
  /** Why it failed. */
  readonly failureCode: string;
}

/** Money went back that none of the order's refunds asked for. */
export interface RefundElsewhere extends ChangeOfOrder {
  readonly command: "refunded elsewhere";
  readonly amountMinor: number;
}

export type OrderChange =
  | CommandChange
  | ActionChange
  | TimerFiring
  | Settlement
  | RefundAnswer
  | RefundElsewhere;

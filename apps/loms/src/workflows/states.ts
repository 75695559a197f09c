/** Where an order stands, in the words of the API and of the database. */
export type StatusName =
  | "new"
  | "awaiting_payment"
  | "failed"
  | "paid"
  | "canceled"
  | "shipment_held"
  | "shipped"
  | "completed"
  | "awaiting_settlement"
  | "settled"
  | "confirmed"
  | "delivered"
  | "placed"
  | "accepted"
  | "preparing"
  | "served"
  | "declined";

const codes = {
  new: "",
  failed: "FL",
  awaiting_payment: "WP",
  paid: "FP",
  shipment_held: "HS",
  shipped: "FS",
  completed: "ST",
  canceled: "CT",
  awaiting_settlement: "WA",
  settled: "FA",
  confirmed: "CF",
  delivered: "DL",
  placed: "PL",
  accepted: "AC",
  preparing: "PR",
  served: "SV",
  declined: "DC",
} as const satisfies Readonly<Record<StatusName, string>>;

/** The short code of a status: what the workflow definitions are written in. Empty for an order that is not stored. */
export function codeOfStatus(status: StatusName): string {
  return codes[status];
}

const statusOf: ReadonlyMap<string, StatusName> = new Map(
  Object.entries(codes).map(([status, code]) => [code, status as StatusName]),
);

/**
 * The status of a code.
 *
 * @throws Error for a code that no order machine has, which is a mistake of the program.
 */
export function statusOfCode(code: string): StatusName {
  const status = statusOf.get(code);
  if (status === undefined) {
    throw new Error(`No order is ever in the state "${code}".`);
  }
  return status;
}

const unpaid: ReadonlySet<string> = new Set(["", "FL", "WP", "CT", "PL", "AC", "PR", "SV", "DC"]);

/** Where an item stands of which nothing is stored, because no action has been about it yet. */
export function itemStateWithoutRow(orderCode: string): "" | "FP" {
  return unpaid.has(orderCode) ? "" : "FP";
}

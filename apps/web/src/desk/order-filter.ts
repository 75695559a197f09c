import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ListOrdersRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { formatDay } from "../format.ts";
import { listOf, type QueryFields, queryText } from "../query-text.ts";
import { deskStatus } from "../words.ts";

/** What the address says of the list: `?status=PAID,SHIPPED&from=2026-03-01&sort=oldest`. */
export type ListFields = QueryFields;

/** Fields that choose which orders are listed, and in which order. */
export const filterNames = ["status", "q", "from", "to", "older", "refund", "sort"] as const;

export interface NamedView {
  readonly name: string;
  readonly fields: ListFields;
}

/** What one often wants to see. Own ones are beside them. */
export const namedViews: readonly NamedView[] = [
  { name: "All", fields: {} },
  { name: "To ship", fields: { status: "PAID", sort: "oldest" } },
  { name: "Waiting for payment", fields: { status: "AWAITING_PAYMENT" } },
  { name: "Refunds open", fields: { refund: "open", sort: "oldest" } },
  { name: "Stuck > 1 h", fields: { status: "PAID,SHIPMENT_HELD", older: "60", sort: "oldest" } },
  { name: "To settle", fields: { status: "AWAITING_SETTLEMENT", sort: "oldest" } },
];

/** The same filter in the same words, whatever else the address says. */
export function filterText(fields: ListFields): string {
  return queryText(Object.fromEntries(filterNames.map((name) => [name, fields[name] ?? ""])));
}

export function isFiltered(fields: ListFields): boolean {
  return filterNames.some((name) => name !== "sort" && (fields[name] ?? "") !== "");
}

/** What is looked for, to be read: "Declined, number 412, since 1 Mar 2026". */
export function filterWords(fields: ListFields): string {
  const from = dayOf(fields.from);
  const to = dayOf(fields.to);
  const statuses = statusesOf(fields).map((status) => deskStatus(status).word);
  const { q = "", older = "", refund = "" } = fields;
  return [
    statuses.join(" or "),
    q === "" ? "" : `number ${q}`,
    from === undefined ? "" : `since ${formatDay(from)}`,
    to === undefined ? "" : `until ${formatDay(to)}`,
    older === "" ? "" : `older than ${older} min`,
    refund === "" ? "" : "with an open refund",
  ]
    .filter((words) => words !== "")
    .join(", ");
}

/** Every state that an order is kept in, as the address names it. */
export const statusNames: readonly (keyof typeof OrderStatus)[] = (
  Object.keys(OrderStatus) as (keyof typeof OrderStatus)[]
).filter((name) => Number.isNaN(Number(name)) && name !== "UNSPECIFIED" && name !== "NEW");

export function statusesOf(fields: ListFields): OrderStatus[] {
  return listOf(fields.status).flatMap((name) => {
    const known = statusNames.find((each) => each === name);
    return known === undefined ? [] : [OrderStatus[known]];
  });
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** What is searched for: the number of an order or of a buyer. Undefined: it is no number. */
export function searchedNumber(fields: ListFields): bigint | undefined {
  const digits = (fields.q ?? "").replace(/[\s#]/g, "");
  return /^\d{1,18}$/.test(digits) && digits !== "0" ? BigInt(digits) : undefined;
}

/**
 * The call that lists them, a page of `pageSize` at a time.
 *
 * @param now in milliseconds since 1970, for "older than".
 */
export function listRequest(
  fields: ListFields,
  now: number,
  pageSize: number,
): MessageInitShape<typeof ListOrdersRequestSchema> & { readonly pageToken: string } {
  const from = dayOf(fields.from);
  const to = dayOf(fields.to);
  const olderMinutes = /^\d{1,6}$/.test(fields.older ?? "") ? Number(fields.older) : undefined;
  // By whole minutes, so that the same list is asked for with the same words for a while.
  const olderThan =
    olderMinutes === undefined ? undefined : Math.floor(now / minuteMs - olderMinutes) * minuteMs;
  const before = Math.min(to === undefined ? Number.POSITIVE_INFINITY : to + dayMs, olderThan ?? Infinity);
  return {
    userId: searchedNumber(fields) ?? 0n,
    statuses: statusesOf(fields),
    ...(from !== undefined && { createdFrom: timestampFromMs(from) }),
    ...(Number.isFinite(before) && { createdBefore: timestampFromMs(before) }),
    oldestFirst: fields.sort === "oldest",
    withOpenRefund: fields.refund === "open",
    pageSize,
    pageToken: "",
  };
}

/** The beginning of a day as the browser's time zone has it. */
function dayOf(text: string | undefined): number | undefined {
  const moment = /^\d{4}-\d\d-\d\d$/.test(text ?? "") ? new Date(`${text}T00:00:00`).getTime() : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

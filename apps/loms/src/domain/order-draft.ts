import { hash } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import { type Amount, hasControlCharacter } from "./action-parameters.ts";
import {
  type LineAttribute,
  type OrderLine,
  type OrderWorkflow,
  orderWorkflows,
  type ShippingAddress,
  type TableReference,
  type Total,
} from "./order.ts";
import { checkTableReference } from "./table-reference.ts";
import { checkVoucherTerms, type VoucherTerms } from "./voucher.ts";

/** What a caller asks for, already checked field by field. */
export interface OrderRequest {
  readonly userId: bigint;
  readonly lines: readonly RequestLine[];
  readonly idempotencyKey: string;
  /** Undefined: as long as the installation allows. */
  readonly paymentWindowMs: number | undefined;
  /** Absent or empty: "product". */
  readonly workflow?: string;
  readonly voucher?: VoucherTerms | undefined;
  readonly shippingAddress?: ShippingAddress | undefined;
  readonly shippingFee?: Amount | undefined;
  readonly table?: TableReference | undefined;
}

export interface RequestLine {
  readonly sku: number;
  readonly quantity: number;
  readonly name: string;
  readonly unitPrice: { readonly currencyCode: string; readonly amountMinor: bigint } | undefined;
  readonly attributes?: readonly LineAttribute[] | undefined;
}

/** An order that is consistent in itself: only stock can still stand in its way. */
export interface OrderDraft {
  readonly userId: bigint;
  /** By SKU, each once. */
  readonly lines: readonly OrderLine[];
  readonly total: Total | undefined;
  readonly paymentWindowMs: number;
  readonly workflow: OrderWorkflow;
  /** Of a service order. */
  readonly voucher: VoucherTerms | undefined;
  readonly shippingAddress: ShippingAddress | undefined;
  readonly shippingFeeMinor: number | undefined;
  /** Of an order at a table. */
  readonly table: TableReference | undefined;
  readonly idempotencyKey: string;
  /** SHA-256 of all that was asked for: two requests with one key must agree in it. */
  readonly requestHash: string;
}

const quantityMax = 1_000_000;
const totalMinorMax = 1_000_000_000_000_000;

/**
 * Merges lines that name the same SKU and computes the total.
 *
 * @param paymentWindowMaxMs how long the installation lets a buyer wait with paying.
 * @throws Failure `invalid_argument` that names the field: a SKU with two prices or names, two currencies, a merged
 * quantity above 1,000,000, a total above 10^15 minor units, a payment window longer than allowed, a control
 * character in a name, an unknown workflow, or what does not fit the workflow.
 */
export function draftOrder(request: OrderRequest, paymentWindowMaxMs: number): OrderDraft {
  const merged = new Map<number, OrderLine>();
  let currencyCode: string | undefined;
  let totalMinor = 0;

  request.lines.forEach((line, index) => {
    const field = `lines[${index}]`;
    const unitPriceMinor = line.unitPrice === undefined ? undefined : Number(line.unitPrice.amountMinor);
    if (line.unitPrice !== undefined) {
      currencyCode ??= line.unitPrice.currencyCode;
      if (line.unitPrice.currencyCode !== currencyCode) {
        throw invalid(`${field}.unit_price`, "all lines of an order must share one currency");
      }
      totalMinor += (unitPriceMinor ?? 0) * line.quantity;
    }
    if (hasControlCharacter(line.name)) {
      throw invalid(`${field}.name`, "must not contain control characters");
    }
    const { sku, quantity, name } = line;
    const attributes = attributesOf(line, field);
    merged.set(sku, mergeLine(merged.get(sku), { sku, quantity, name, unitPriceMinor, attributes }, field));
  });
  if (totalMinor > totalMinorMax) {
    throw invalid("lines", `the total must be at most ${totalMinorMax} minor units`);
  }

  const paymentWindowMs = request.paymentWindowMs ?? paymentWindowMaxMs;
  if (paymentWindowMs > paymentWindowMaxMs) {
    throw invalid("payment_window", `must be at most ${paymentWindowMaxMs} ms here`);
  }

  const lines = [...merged.values()].sort((a, b) => a.sku - b.sku);
  const total = currencyCode === undefined ? undefined : { currencyCode, amountMinor: totalMinor };
  const workflow = workflowOf(request.workflow);
  return {
    userId: request.userId,
    lines,
    total,
    paymentWindowMs,
    workflow,
    voucher: checkVoucherTerms({ workflow, terms: request.voucher, lines, total }),
    shippingAddress: request.shippingAddress,
    shippingFeeMinor: shippingFeeOf(request.shippingFee, total),
    table: checkTableReference({ workflow, table: request.table, total, rest: fieldsOfGoods(request) }),
    idempotencyKey: request.idempotencyKey,
    requestHash: hashOf(request, currencyCode, lines),
  };
}

function workflowOf(name: string | undefined): OrderWorkflow {
  if (name === undefined || name === "") {
    return "product";
  }
  const workflow = orderWorkflows.find((known) => known === name);
  if (workflow === undefined) {
    throw invalid("workflow", `there is none of this name; there are ${orderWorkflows.join(", ")}`);
  }
  return workflow;
}

function fieldsOfGoods({ paymentWindowMs, shippingAddress, shippingFee }: OrderRequest): string[] {
  const fields = {
    payment_window: paymentWindowMs,
    shipping_address: shippingAddress,
    shipping_fee: shippingFee,
  };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function shippingFeeOf(fee: Amount | undefined, total: Total | undefined): number | undefined {
  if (fee === undefined) {
    return undefined;
  }
  if (fee.currencyCode !== total?.currencyCode) {
    throw invalid("shipping_fee", "must be in the currency of the lines");
  }
  return fee.amountMinor;
}

function attributesOf({ attributes }: RequestLine, field: string): readonly LineAttribute[] | undefined {
  if (attributes === undefined || attributes.length === 0) {
    return undefined;
  }
  if (new Set(attributes.map(({ name }) => name)).size < attributes.length) {
    throw invalid(`${field}.attributes`, "must name each attribute once");
  }
  if (attributes.some(({ name, value }) => hasControlCharacter(name) || hasControlCharacter(value))) {
    throw invalid(`${field}.attributes`, "must not contain control characters");
  }
  return attributes;
}

function mergeLine(earlier: OrderLine | undefined, line: OrderLine, field: string): OrderLine {
  const { sku, quantity, name, unitPriceMinor } = line;
  if (earlier === undefined) {
    return line;
  }
  if (earlier.unitPriceMinor !== unitPriceMinor || earlier.name !== name) {
    throw invalid(field, `SKU ${sku} has another price or name in an earlier line`);
  }
  if (JSON.stringify(earlier.attributes) !== JSON.stringify(line.attributes)) {
    throw invalid(field, `SKU ${sku} has other attributes in an earlier line`);
  }
  if (earlier.quantity + quantity > quantityMax) {
    throw invalid(`${field}.quantity`, `the quantities of SKU ${sku} add up to more than ${quantityMax}`);
  }
  return { ...earlier, quantity: earlier.quantity + quantity };
}

function hashOf(
  { userId, paymentWindowMs, workflow = "", voucher, shippingAddress, shippingFee, table }: OrderRequest,
  currencyCode: string | undefined,
  lines: readonly OrderLine[],
): string {
  let text = `${userId}|${paymentWindowMs ?? ""}|${currencyCode ?? ""}`;
  for (const { sku, quantity, unitPriceMinor, name, attributes } of lines) {
    text += `|${sku},${quantity},${unitPriceMinor ?? ""},${name.length}:${name}`;
    if (attributes !== undefined) {
      text += JSON.stringify(attributes);
    }
  }
  // What most orders do not have leaves no mark, so that keys outlive the version that knew nothing of it.
  const rest = {
    workflow,
    voucher,
    shippingAddress,
    shippingFee,
    table: table && Object.values(table).map(String),
  };
  if (workflow !== "" || voucher || shippingAddress || shippingFee) {
    text += `|${JSON.stringify(rest)}`;
  }
  return hash("sha256", text);
}

function invalid(field: string, description: string): Failure {
  return new Failure("invalid_argument", `${field}: ${description}`, {
    reason: "INVALID_ORDER",
    fieldViolations: [{ field, description }],
  });
}

/** What the systems that the workflows replace called things, beside our names. */

export interface OldName {
  readonly ours: string;
  readonly easyOrder: string;
  readonly orderProcessing?: string;
}

/** By the code of our order's state. */
export const orderStates: Readonly<Record<string, Omit<OldName, "ours">>> = {
  "": { easyOrder: "(no order)", orderProcessing: "" },
  WP: { easyOrder: "WP Waiting for Payment", orderProcessing: "created" },
  FL: { easyOrder: "", orderProcessing: "" },
  FP: { easyOrder: "FP Finished Payment", orderProcessing: "" },
  HS: { easyOrder: "HS Hold Shipping (shown as Finished Payment)", orderProcessing: "" },
  FS: { easyOrder: "FS Finished Shipping", orderProcessing: "" },
  ST: { easyOrder: "ST Successful Transaction", orderProcessing: "" },
  CT: { easyOrder: "CT Closed Transaction", orderProcessing: "canceled, declined" },
  WA: { easyOrder: "WA Waiting for Accounting (shown as Successful Transaction)", orderProcessing: "" },
  FA: { easyOrder: "FA Finished Accounting (shown as Successful Transaction)", orderProcessing: "" },
  CF: { easyOrder: "", orderProcessing: "confirmed" },
  DL: { easyOrder: "", orderProcessing: "delivered" },
  PL: { easyOrder: "", orderProcessing: "" },
  AC: { easyOrder: "", orderProcessing: "" },
  PR: { easyOrder: "", orderProcessing: "" },
  SV: { easyOrder: "", orderProcessing: "" },
  DC: { easyOrder: "", orderProcessing: "" },
};

export const itemStates: Readonly<Record<string, string>> = {
  "": "(empty)",
  FP: "FP",
  WR: "WR Waiting for Refund",
  FR: "FR Finished Refund",
  CR: "CR Closed Refund",
};

export const refundStates: Readonly<Record<string, string>> = {
  WSR: "WSR waiting for the seller",
  SRR: "SRR seller rejected",
  CSI: "CSI customer service involved",
  WBS: "WBS waiting for the buyer to ship back",
  WSA: "WSA waiting for the seller after the return",
  CSA: "CSA customer service after the return",
  PPR: "PPR platform processing",
  PFR: "PFR finished",
  CCR: "CCR customer closed",
  PCR: "PCR platform closed",
  SCR: "(the sheet was moved to deleted_refund_sheet)",
};

/** By the name of our machine, in each workflow. */
export const machines: readonly {
  readonly workflow: string;
  readonly ours: string;
  readonly easyOrder: string;
}[] = [
  { workflow: "product", ours: "order", easyOrder: "product_order_order_state_machine" },
  { workflow: "product", ours: "item", easyOrder: "product_order_order_item_state_machine" },
  { workflow: "product", ours: "pre_shipping", easyOrder: "product_order_pre_shipping_refund_state_machine" },
  {
    workflow: "product",
    ours: "refund_only",
    easyOrder: "product_order_refund_only_state_machine (type RO)",
  },
  {
    workflow: "product",
    ours: "with_return",
    easyOrder: "product_order_refund_with_return_state_machine (type RR)",
  },
  { workflow: "service", ours: "order", easyOrder: "service_order_order_state_machine" },
  { workflow: "service", ours: "anytime", easyOrder: "service_order_service_refund_state_machine (type AR)" },
  {
    workflow: "service",
    ours: "expiration",
    easyOrder: "service_order_service_refund_state_machine (type ER)",
  },
  { workflow: "simple", ours: "order", easyOrder: "" },
  { workflow: "table", ours: "order", easyOrder: "" },
];

export const durations: Readonly<Record<string, string>> = {
  payment_window: "PAYMENT_WAITING (24 h, demo 120 s)",
  seller_response: "SELLER_NO_RESPONSE",
  buyer_response: "BUYER_NO_RESPONSE",
  reception_confirmation: "AUTO_ACK_SHIPPING",
  extension_opens: "WAIT_FOR_EXTENDING_INTERVAL",
  extension_length: "LENGTH_OF_EXTENDING",
  refund_request_window: "NO_REFUND_REQUEST_AFTER_ST",
  voucher_validity: "snapshot.valid_date_end",
  delivery: "the 60 s of setTimeout in order-processing-system",
};

export const timers: Readonly<Record<string, string>> = {
  payment_deadline: "tasks.no_payment, service_no_payment",
  seller_no_response: "no_seller_response",
  buyer_no_response: "no_buyer_response",
  auto_ack_shipping: "auto_ack_shipping",
  enable_extending: "enable_extend_shipping_ack",
  no_refund_request: "no_refund_request_after_st",
  voucher_expiry: "(no task)",
  delivery: "setTimeout",
};

/** Easy Order's post actions that are no event here: what does their work. */
export const postActions: readonly (readonly [string, string])[] = [
  ["order_created, order_paid, order_shipped, transaction_successful", "events of the same names"],
  ["payment_successful, refund_requested, attendance_code_expired", "events of the same names (service)"],
  ["refund_finished, refund_closed, refund_sheet_finished, refund_sheet_closed", "events of the same names"],
  ["seller_agree_refund", "event of the same name; the order is held by `processing refund`"],
  ["buyer_extend_shipping_ack, seller_extend_shipping_ack", "events of the same names; the timer is put off"],
  ["seller_no_response, refund_seller_no_response", "the timer `seller_no_response` of the state"],
  ["buyer_no_response", "the timer `buyer_no_response` of the state"],
];

export const fields: readonly (readonly [string, string])[] = [
  ["operator, operator_role", "`actor` and `role` of a history entry"],
  [
    "Refund_Log, so_refund_log",
    "the order's history: one entry for each step, of order, item and refund alike",
  ],
  [
    "po_refund_sheet, deleted_refund_sheet, so_refund_sheet",
    "`refund_sheets`: one row for each request, never deleted",
  ],
  [
    "refund_type RO, RR, AR, ER",
    "`RefundKind` REFUND_ONLY, WITH_RETURN, ANYTIME, EXPIRATION; PRE_SHIPPING had none",
  ],
  ["refund_fee", "`refund_amount`, checked against what is left"],
  ["express_company, express_tracking_no", "`carrier`, `tracking_number`"],
  ["refund_sheet_pic", "`picture_urls`"],
  ["commodity snapshot, commodity_sku", "name, price and `attributes` of an order line"],
  [
    "buyer_can_extend_shipping_ack, seller_can_extend_shipping_ack",
    "flags `buyer_may_extend`, `seller_may_extend`",
  ],
  [
    "auto_confirm_reception_ended, refund_wait_time_ended",
    "flags `reception_wait_ended`, `refund_wait_ended`",
  ],
  ["scheduled_task", "`timers`, tied to the step that started them"],
  [
    "attendance_code Un, Us, Re, Ex",
    "`VoucherCodeState` UNUSED, USED, REFUNDED, EXPIRED; new: REFUND_PENDING",
  ],
  ["get_status, get_role_actions", "ListAllowedActions"],
  ["goto_next", "ApplyAction; `(None, None)` became a refusal that says why, and Explain"],
  ["validate(code)", "ValidateVoucherCode, with the same messages"],
];

/** ordered-online's orders had no states: what it said of them, and where that is now. */
export const orderedOnline: readonly (readonly [string, string])[] = [
  [
    "an order: one unit of one product, with the time",
    "an order: lines with quantities, notes and the prices of that time",
  ],
  ["adding it", "`create order`: PL, placed"],
  ["(no word: somebody in the kitchen read it)", "`accept the order`, `start preparing`: AC, PR"],
  ["(no word: it came to the table)", "`serve the order`: SV"],
  [
    "(no way back: an order could not be taken away)",
    "`cancel order` until it is accepted: CT. `decline the order`: DC",
  ],
  [
    "the session is CLOSED",
    "FP, DC or CT for each of its orders; `end the order` when it is closed by force",
  ],
  ["(no word: paid somehow)", "`payment successful`: FP, when the bill is settled"],
];

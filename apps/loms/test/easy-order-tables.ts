/*
 * The tables of the systems that the workflows replace, written down from their descriptions and not from our
 * definitions, so that the two can be compared. A line: who | action | [state of the order |] from -> to [| post action].
 */

/** Easy Order's tables for goods. */
export const productTables = {
  order: `
    B   | create order                          | ''       -> WP | order_created
    B   | cancel order                          | WP       -> CT |
    B   | make payment                          | WP       -> WP |
    S   | change shipping fee                   | WP       -> WP |
    P   | no payment                            | WP       -> CT |
    P   | payment successful                    | WP       -> FP | order_paid
    S   | ship the order                        | FP       -> FS | order_shipped
    S   | change shipping addr                  | FP       -> FP |
    B   | confirm reception of order            | FS       -> ST | transaction_successful
    P   | auto ack reception of order           | FS       -> ST | transaction_successful
    B   | extend auto acking reception of order | FS       -> FS | buyer_extend_shipping_ack
    S   | extend auto acking reception of order | FS       -> FS | seller_extend_shipping_ack
    P   | all items done with refund            | ST       -> WA |
    P   | no refund request                     | ST       -> WA |
    P   | finished accounting                   | WA       -> FA |
    P   | all items refunded                    | ST,FS,FP -> CT |
    P   | processing refund                     | FP       -> HS |
    P   | no more open refund                   | FS       -> ST | transaction_successful
    P   | no more open refund                   | ST       -> WA |
    P   | item finished refund                  | HS       -> FP |`,
  item: `
    P   | order state changed to FP             | FP          | '' -> FP |
    P   | order state changed to FS             | FS          | WR -> FP |
    B   | request refund                        | FP,HS,FS,ST | FP -> WR | seller_no_response
    B   | request refund with return            | FS,ST       | FP -> WR | seller_no_response
    P   | item finished refund                  | FP,FS,HS,ST | WR -> FR | refund_finished
    P   | item closed refund                    | FP,FS,ST    | WR -> CR | refund_closed`,
  pre_shipping: `
    S   | agree refund                          | WSR      -> PPR | seller_agree_refund
    P   | seller no response                    | WSR      -> PPR |
    B   | cancel refund request                 | WSR      -> CCR | refund_sheet_closed
    P   | finished refund                       | PPR      -> PFR | refund_sheet_finished`,
  refund_only: `
    S   | reject refund                         | WSR      -> SRR | buyer_no_response
    S   | agree refund                          | WSR      -> PPR |
    B   | cancel refund request                 | WSR,SRR  -> CCR | refund_sheet_closed
    P   | seller no response                    | WSR      -> CSI |
    P,A | reject refund                         | CSI      -> PCR | refund_sheet_closed
    P,A | force refund                          | CSI      -> PPR |
    B   | change refund request                 | SRR      -> WSR |
    B   | request customer service involvement  | SRR      -> CSI |
    P   | buyer no response                     | SRR      -> CCR | refund_sheet_closed
    P   | finished refund                       | PPR      -> PFR | refund_sheet_finished`,
  with_return: `
    S   | reject refund                         | WSR      -> SRR | buyer_no_response
    S   | agree refund                          | WSR      -> WBS | buyer_no_response
    B   | cancel refund request                 | WSR,SRR,WBS -> CCR | refund_sheet_closed
    B   | ship back                             | WBS      -> WSA | refund_seller_no_response
    P   | seller no response                    | WSR      -> CSI |
    P   | seller no response                    | WSA      -> PPR |
    S   | reject refund                         | WSA      -> CSA |
    S   | agree refund                          | WSA      -> PPR |
    P,A | reject refund                         | CSI,CSA  -> PCR | refund_sheet_closed
    P,A | force refund                          | CSI      -> WBS | buyer_no_response
    P,A | force refund                          | CSA      -> PPR |
    B   | change refund request                 | SRR      -> WSR |
    B   | request customer service involvement  | SRR      -> CSI |
    P   | buyer no response                     | SRR,WBS  -> CCR | refund_sheet_closed
    P   | finished refund                       | PPR      -> PFR | refund_sheet_finished`,
} as const;

/** Easy Order's tables for vouchers. Its one table of refunds stands for both kinds. */
export const serviceTables = {
  order: `
    B   | create order                          | '' -> WP |
    B   | cancel order                          | WP -> CT |
    B   | make payment                          | WP -> WP |
    P   | no payment                            | WP -> CT |
    P   | payment successful                    | WP -> FP | payment_successful
    B   | request refund                        | FP -> FP | refund_requested
    P   | attendance code expired               | FP -> FP | attendance_code_expired
    P   | finished refund                       | FP -> FP | refund_sheet_finished
    P   | used service finished refund          | FP -> ST |
    P   | unused service finished refund        | FP -> CT |
    P   | all used                              | FP -> ST |`,
  anytime: `
    P   | finished refund                       | PPR -> PFR |`,
  expiration: `
    P   | finished refund                       | PPR -> PFR |`,
} as const;

/** order-processing-system, which had no table: created, confirmed, declined, delivered, canceled. */
export const simpleTables = {
  order: `
    B   | create order                          | ''    -> WP |
    P   | payment successful                    | WP    -> CF |
    P   | payment declined                      | WP    -> CT |
    B   | cancel order                          | WP,CF -> CT |
    P   | deliver the order                     | CF    -> DL |`,
} as const;

/** ordered-online, where orders had no states: one was there, or was not. */
export const tableTables = {
  order: `
    B   | create order                          | ''       -> PL |`,
} as const;

/** What we added, and to what: docs/workflows.md says why. */
export const ownRows = {
  product: {
    order: `
    B   | create order                          | '' -> FL |
    P   | payment successful                    | WP -> CT |
    P   | auto ack reception of order           | FS -> FS |
    P   | allow extending                       | FS -> FS |
    P   | no refund request                     | ST -> ST |`,
    item: `
    P   | item closed refund                    | HS | WR -> CR | refund_closed`,
    pre_shipping: `
    P   | order state changed to FS             | FS | WSR -> SCR |
    P,A | ask for refund again                  | PPR -> PPR |
    P   | nothing to refund                     | PPR -> PFR | refund_sheet_finished`,
    refund_only: `
    P,A | ask for refund again                  | PPR -> PPR |
    P   | nothing to refund                     | PPR -> PFR | refund_sheet_finished`,
    with_return: `
    P,A | ask for refund again                  | PPR -> PPR |
    P   | nothing to refund                     | PPR -> PFR | refund_sheet_finished`,
  },
  service: {
    order: `
    B   | create order                          | '' -> FL |
    P   | payment successful                    | WP -> CT |
    P   | attendance code expired               | FP -> ST |`,
    anytime: `
    P,A | ask for refund again                  | PPR -> PPR |`,
    expiration: `
    P,A | ask for refund again                  | PPR -> PPR |`,
  },
  simple: {
    order: `
    B   | create order                          | '' -> FL |
    B   | make payment                          | WP -> WP |
    P   | no payment                            | WP -> CT |
    P   | payment successful                    | WP -> CT |`,
  },
  table: {
    order: `
    S   | create order                          | ''       -> PL |
    S   | accept the order                      | PL       -> AC | order_accepted
    S   | decline the order                     | PL,AC    -> DC | order_declined
    S   | start preparing                       | AC       -> PR | order_in_preparation
    S   | serve the order                       | AC,PR    -> SV | order_served
    B,S | cancel order                          | PL       -> CT |
    S   | end the order                         | PL,AC,PR -> CT |
    P   | payment successful                    | SV       -> FP | order_paid`,
  },
} as const;

export interface TableRow {
  readonly roles: readonly string[];
  readonly action: string;
  /** Undefined: whatever the state of the order. */
  readonly orderStates: readonly string[] | undefined;
  readonly from: readonly string[];
  readonly to: string;
  readonly postAction: string;
}

export function readTable(text: string): readonly TableRow[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const cells = line.split("|").map((cell) => cell.trim());
      const arrowAt = cells.findIndex((cell) => cell.includes("->"));
      const [from = "", to = ""] = (cells[arrowAt] ?? "").split("->").map((code) => code.trim());
      return {
        roles: (cells[0] ?? "").split(","),
        action: cells[1] ?? "",
        orderStates: arrowAt === 3 ? cells[2]?.split(",") : undefined,
        from: from.split(",").map((code) => (code === "''" ? "" : code)),
        to,
        postAction: cells[arrowAt + 1] ?? "",
      };
    });
}

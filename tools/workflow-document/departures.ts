/** Where our tables differ from those of the systems that they replace, and why. */

export interface Departure {
  readonly was: string;
  readonly is: string;
}

export const departures: readonly Departure[] = [
  {
    was: "No locks and no versions: a timer and a person could both win.",
    is: "Every action locks the order, names the version that it expects if it likes, and counts the version on.",
  },
  {
    was: "Orders had no log; `make payment`, `change shipping fee` and `change shipping addr` did nothing; GETs changed states.",
    is: "Every step is in the history, with who, as what, and the parameters. Fee and address are stored.",
  },
  {
    was: "Timers were never revoked and not tied to the step that started them: an old one acted on a later step.",
    is: "A timer carries the version of the step that started it, and does nothing once that step is over. Its state's end stops it.",
  },
  {
    was: "`change refund request` started no timer: a silent seller kept the request for ever.",
    is: "Timers belong to states. Whoever comes back to WSR starts the seller's time anew.",
  },
  {
    was: "Before shipping, `seller no response` led to PPR without holding the order: the goods could be shipped during the refund.",
    is: "`processing refund` follows by itself whenever a refund before shipping is being paid back, however it came there.",
  },
  {
    was: "`item finished refund` let the order go on although another refund that was agreed was still being paid back.",
    is: "HS ends when no refund is being paid back any more.",
  },
  {
    was: "`item closed refund` was not allowed in HS: an item whose request was withdrawn while another one held the order stayed in WR.",
    is: "It is allowed in HS.",
  },
  {
    was: "The amount of a refund was not checked.",
    is: "`amount_is_refundable`: more than 0, no more than the item cost, and no more in total than was taken. The payment service checks again.",
  },
  {
    was: "`all items refunded` looked at the states of the items only: an order closed although a part of the price was kept.",
    is: "It needs that nothing is left to refund. A partial refund before shipping is a rebate: the item is shipped, and its units stay sold.",
  },
  {
    was: "A request that shipping overtook was moved to a table with room for one per item; the second one failed.",
    is: "Every request is kept. Overtaken, it ends in SCR; the next one gets a sheet of its own.",
  },
  {
    was: "`reject refund` in CSA left the buyer without the money and without the goods, which had been shipped back.",
    is: "The row stays; its effect says that the goods are still the buyer's and have to be sent again.",
  },
  {
    was: "The seven days for refund requests ran on while a refund was open, and only a flag told afterwards.",
    is: "They stand still while a refund is open, and go on after it. Ended by hand meanwhile, a flag ends them with the refund, as there.",
  },
  {
    was: "An extension was noted, and its task looked for it when it ran out.",
    is: "`extend auto acking reception of order` moves the timer at once: the same time, and ListTimers tells it.",
  },
  {
    was: "Enabling the extension was a task without a row in the tables.",
    is: "`allow extending`, which is not listed.",
  },
  {
    was: "What follows from a step was called by the code of that step; anybody could also call it as P.",
    is: "Such rows are automatic: they follow as soon as their guard holds, and nobody can take them before it does.",
  },
  {
    was: "Admin was not separated from Platform.",
    is: "A may do what somebody of the platform decides (`reject refund`, `force refund`, `ask for refund again`), P that and the rest.",
  },
  {
    was: "order-processing-system: a payment that came late brought a canceled order back to life.",
    is: "It cancels the order with PAYMENT_DEADLINE, is refused with PAYMENT_DEADLINE_PASSED, and goes back.",
  },
  {
    was: "An order that could not be supplied was not recorded.",
    is: "It is FAILED (code FL).",
  },
  {
    was: "Nothing was done when the money could not be given back.",
    is: "`ask for refund again`; the refund stays in PPR and says why.",
  },
  {
    was: "A refund of nothing waited for the platform to pay it.",
    is: "`nothing to refund` finishes it at once.",
  },
  {
    was: "Codes of a voucher could be used while their refund was under way, and never became refunded or expired.",
    is: "`hold_codes`, `refund_codes` and `expire_codes` are effects of the rows.",
  },
  {
    was: "A voucher whose terms refund nothing stayed FP for ever when it expired.",
    is: "`attendance code expired` completes it.",
  },
  {
    was: "The end of a service order was logged before the end of the refund that led to it; `goto_next` told FP although the order was CT or ST.",
    is: "Steps are recorded in their order, and the answer is where the order stands after all of them.",
  },
  {
    was: "order-processing-system: an order was canceled in any state, its payment was kept, and a late one revived it.",
    is: "`cancel order` until it is delivered; the money goes back and the goods to stock. Canceled is final.",
  },
  {
    was: "order-processing-system: one declined payment ended the order (declined) and its payment.",
    is: "The buyer may try again until the order's deadline, which cancels it then. `payment declined` is for the platform, to end it before.",
  },
  {
    was: "ordered-online: whoever had the code could add to any order, prices were not kept, and nobody could tell what was served.",
    is: "The workflow `table`: the service tables knows who sits there and who works there, prices are the order's, and each step is one of the kitchen's.",
  },
];

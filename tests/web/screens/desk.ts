import { act, orderOf, paidOrderOf, payFor, voucherFor } from "../ordering.ts";
import { type Area, openAt, type Screen } from "./screen.ts";

const [stool, blanket, lamp] = [2_956_315, 1_148_162, 1_076_963];

/** The work desk, as the seller and as the platform see it. */
export const deskArea: Area = {
  name: "desk",
  async prepare(stage) {
    const buyer = await stage.call("buyer");
    const seller = await stage.call("seller");
    const paid = await paidOrderOf(buyer, [stool, blanket]);
    const returning = await paidOrderOf(buyer, [lamp, blanket]);
    await act(seller, returning, "ship the order", {
      parameters: { carrier: "DHL", trackingNumber: "JD014600003829" },
    });
    await act(buyer, returning, "request refund with return", {
      itemSku: lamp,
      parameters: { reason: "It does not fit, and the box was open when it came" },
    });
    const voucher = await payFor(buyer, await voucherFor(buyer, await stage.call("platform")));
    const unpaid = await orderOf(buyer, [stool, lamp]);
    const screen = (name: string, who: Screen["who"], path: string, text: string | RegExp): Screen => ({
      name,
      who,
      open: (page) => openAt(page, path, text),
    });
    return [
      screen("desk-orders", "seller", "/desk/orders", String(unpaid)),
      screen("desk-orders-none", "seller", "/desk/orders?status=DECLINED&q=999999999", "No order matches"),
      screen("desk-order-paid", "seller", `/desk/orders/${paid}`, "Workflow product"),
      screen("desk-order-returning", "platform", `/desk/orders/${returning}`, "Workflow product"),
      {
        name: "desk-workflow",
        who: "platform",
        at: ".desk-workflow",
        async open(page) {
          await openAt(page, `/desk/orders/${returning}`, "Workflow product");
          await page.getByRole("button", { name: "Show all of it" }).click();
          await page.getByText("not from here").waitFor();
        },
      },
      screen("desk-order-unpaid", "platform", `/desk/orders/${unpaid}`, "Workflow product"),
      screen("desk-order-voucher", "platform", `/desk/orders/${voucher}`, "Workflow service"),
      screen("desk-action", "seller", `/desk/orders/${paid}/act/ship-the-order?role=S`, "Then it is"),
      screen(
        "desk-explain",
        "platform",
        `/desk/orders/${paid}/explain/finished-accounting?role=P`,
        "Who may now",
      ),
      screen("desk-codes", "seller", "/desk/codes", "What it is for"),
    ];
  },
};

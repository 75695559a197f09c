import { lockSessionFor, requireBill, requireOpen } from "./bill-access.ts";
import { putOnBill } from "./bill-changes.ts";
import type { BillDesk } from "./bill-desk.ts";
import type { Bill } from "./domain/bill.ts";
import { billHasMoney } from "./domain/bill-failures.ts";
import { forStaffOnly } from "./domain/session-failures.ts";
import { isPlaced } from "./domain/session-order.ts";
import { billMessage } from "./events/bill-messages.ts";
import { recordChange } from "./record-change.ts";
import type { Caller } from "./session-access.ts";
import { cancelPayment, endBill } from "./sql/bills.ts";
import { listSessionOrders } from "./sql/session-orders.ts";

/**
 * Takes a bill back. What a declined card turns out to have been charged for it after all goes back. One that was taken
 * back before stays so.
 *
 * @throws Failure `failed_precondition` once a share is paid or being paid.
 */
export async function voidBill(
  desk: BillDesk,
  caller: Caller,
  { sessionId, billId }: { readonly sessionId: bigint; readonly billId: bigint },
): Promise<Bill> {
  const voided = await desk.database.transaction(async (tx) => {
    const session = await lockSessionFor(tx, caller, sessionId);
    if (caller.kind === "guest") {
      throw forStaffOnly("Taking a bill back");
    }
    const bill = await requireBill(tx, session, billId);
    if (bill.state === "void") {
      return bill;
    }
    requireOpen(session);
    const withMoney = bill.shares.filter(({ state }) => state !== "unpaid");
    if (bill.state === "settled" || withMoney.length > 0) {
      throw billHasMoney(
        billId,
        withMoney.map(({ id }) => id),
      );
    }
    endBill(tx, billId, "void");
    cancelPayment(
      tx,
      bill.shares.map(({ id }) => id),
    );
    const orders = (await listSessionOrders(tx, sessionId)).filter(isPlaced);
    const freed = await putOnBill(
      tx,
      session,
      orders.filter((order) => order.billId === billId),
      undefined,
    );
    const taken: Bill = { ...bill, state: "void" };
    await recordChange(tx, freed, { case: "bill", value: billMessage(taken) });
    return taken;
  });
  desk.onCommitted();
  desk.onWork();
  return voided;
}

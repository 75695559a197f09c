import {
  type Bill,
  type BillShare,
  BillState,
  SessionState,
  ShareState,
  type TableSession,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { formatMoney } from "../format.ts";
import { billableOrders, differenceOf, isUnderWay, sumOf } from "../tables/order-steps.ts";
import { shareName } from "../tables/split.ts";
import { shareStatus } from "../tables/table-words.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import type { OrderedViewProps } from "./ordered-view.tsx";
import "./ordered.css";

/** Where the bar below leads to. */
const payAreaId = "to-pay";

/** What it comes to, what was paid of it, and how to pay the rest. */
export function PayArea({ code, guest, session }: OrderedViewProps) {
  const { total, paid, bills } = session;
  const open = bills.filter(({ state }) => state === BillState.OPEN);
  return (
    <section className="pay-area" id={payAreaId} aria-label="To pay">
      <dl className="guest-sums">
        <div>
          <dt>Total</dt>
          <dd data-sum="total">{total === undefined ? "–" : <Money value={total} />}</dd>
        </div>
        {paid === undefined || paid.amountMinor === 0n ? null : (
          <>
            <div>
              <dt>Paid</dt>
              <dd data-sum="paid">
                <Money value={paid} />
              </dd>
            </div>
            <div className="guest-left">
              <dt>Left to pay</dt>
              <dd data-sum="left">
                <Money value={differenceOf(total, paid)} />
              </dd>
            </div>
          </>
        )}
      </dl>
      {open.map((bill) => (
        <OpenBill
          key={String(bill.billId)}
          bill={bill}
          session={session}
          code={code}
          guestId={guest.guestId}
        />
      ))}
    </section>
  );
}

/** What is left, and what happens next about it: in reach of the thumb, however much was ordered. */
export function PayBar({ code, session }: Pick<OrderedViewProps, "code" | "session">) {
  const { total, paid, bills, orders, state } = session;
  const left = differenceOf(total, paid);
  const billable = billableOrders(session);
  const hasOpenBill = bills.some((bill) => bill.state === BillState.OPEN);
  const underWay = orders.filter(({ status }) => isUnderWay(status)).length;
  if (left !== undefined && left.amountMinor === 0n && underWay === 0) {
    return (
      <footer className="guest-bar">
        <p role="status">
          <b>All of it is paid. Thank you!</b>
        </p>
      </footer>
    );
  }
  return (
    <footer className="guest-bar">
      <p className="guest-bar-sum">
        <span>Left to pay</span>
        <b>{left === undefined ? "–" : formatMoney(left)}</b>
      </p>
      {billable.length > 0 && state === SessionState.OPEN ? (
        <Link
          href={`/t/${code}/split?show=ordered`}
          button={hasOpenBill ? "plain" : "primary"}
          className="button-wide"
        >
          Split and pay {formatMoney(sumOf(billable.map((order) => order.total)))}
        </Link>
      ) : hasOpenBill ? (
        <Button wide onPress={() => document.getElementById(payAreaId)?.scrollIntoView()}>
          See the bill
        </Button>
      ) : underWay > 0 ? (
        <p className="quiet">What is served can be paid here. {underWay} still to come.</p>
      ) : null}
    </footer>
  );
}

interface OpenBillProps {
  readonly bill: Bill;
  readonly session: TableSession;
  readonly code: string;
  readonly guestId: bigint;
}

function OpenBill({ bill, session, code, guestId }: OpenBillProps) {
  return (
    <div className="guest-bill">
      <h2>The bill</h2>
      <ul className="ruled">
        {bill.shares.map((share, index) => (
          <li key={String(share.shareId)} className="guest-share">
            <span>{share.guestId === guestId ? "You" : shareName(session, bill, index)}</span>
            <Money value={share.amount} />
            {mayPay(share, guestId) ? (
              <Link
                href={`/t/${code}/pay/${share.shareId}?show=ordered`}
                button={share.guestId === guestId ? "primary" : "plain"}
              >
                Pay {formatMoney(share.amount)}
              </Link>
            ) : (
              <StatusChip {...shareStatus(share)} />
            )}
          </li>
        ))}
      </ul>
      <p className="quiet">Cash? The staff take it, and it is noted here.</p>
    </div>
  );
}

/** One's own share, and one that is nobody's. */
function mayPay({ state, guestId }: BillShare, ownGuestId: bigint): boolean {
  return state === ShareState.UNPAID && (guestId === ownGuestId || guestId === 0n);
}

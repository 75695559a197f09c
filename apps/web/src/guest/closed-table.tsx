import { useQuery } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { formatClock, formatMoney, momentOf } from "../format.ts";
import { parseDraft } from "../tables/draft.ts";
import { isCharged } from "../tables/order-steps.ts";
import { ordersByGuest } from "../tables/session-changes.ts";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { Notice } from "../ui/notice.tsx";
import { readDraftText } from "./kept-guest.ts";

/** The evening is over: what it was, what was paid, and that nothing can be ordered any more. */
export function ClosedTable({ session }: { readonly session: TableSession }) {
  const { name, closedTime, total, paid, sessionId, locationId } = session;
  const place = useQuery(LocationsService.method.getLocation, { locationId }).data?.location;
  const closed = momentOf(closedTime);
  const isPaid = total === undefined || (paid?.amountMinor ?? 0n) >= total.amountMinor;
  const unsent = Object.values(parseDraft(readDraftText(sessionId))).reduce(
    (sum, line) => sum + line.quantity,
    0,
  );
  return (
    <div className="guest-start">
      <p className="guest-brand">{place?.name ?? ""}</p>
      <div role="status" className="guest-closed">
        <h1>
          {name} was closed{closed === undefined ? "" : ` at ${formatClock(closed, false)}`}
        </h1>
        <p>
          {total === undefined
            ? "Nothing was ordered."
            : `Total ${formatMoney(total)}, ${isPaid ? "paid" : `of which ${formatMoney(paid ?? { ...total, amountMinor: 0n })} was paid here`}.`}{" "}
          Thank you for your visit!
        </p>
      </div>
      {unsent === 0 ? null : (
        <Notice tone="waiting" title="Not sent">
          <p>
            {unsent === 1 ? "One item that you had chosen was" : `${unsent} items that you had chosen were`}{" "}
            not sent to the kitchen. You do not pay for {unsent === 1 ? "it" : "them"}.
          </p>
        </Notice>
      )}
      <Receipt session={session} />
      <p>
        <Link href="/t" button="plain">
          Sit down at another table
        </Link>
      </p>
    </div>
  );
}

function Receipt({ session }: { readonly session: TableSession }) {
  const groups = ordersByGuest({ ...session, orders: session.orders.filter(isCharged) });
  return groups.map(({ guestId, name, orders }) => (
    <section key={String(guestId)} className="guest-section" aria-label={name}>
      <h2>{name}</h2>
      <ul className="ruled">
        {orders
          .flatMap(({ orderId, lines }) => lines.map((line) => ({ ...line, key: `${orderId} ${line.sku}` })))
          .map(({ key, quantity, name: dish, unitPrice }) => (
            <li key={key} className="split-row">
              <span>
                {quantity} × {dish}
              </span>
              <Money
                value={unitPrice && { ...unitPrice, amountMinor: unitPrice.amountMinor * BigInt(quantity) }}
              />
            </li>
          ))}
      </ul>
    </section>
  ));
}

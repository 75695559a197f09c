import type { KitchenOrder } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { Outlet } from "@tanstack/react-router";
import { usePathId } from "../app/navigate.ts";
import { formatDuration, momentOf } from "../format.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty } from "../ui/notice.tsx";
import { useNow } from "../ui/time.tsx";
import { dishCounts } from "./dish-counts.ts";
import { OrderTicket } from "./order-ticket.tsx";
import { PlaceFrame } from "./place-frame.tsx";
import { usePlace } from "./use-place.ts";
import "./kitchen.css";

/** What the kitchen has to do, oldest first. What is served leaves the board. */
export default function KitchenPage() {
  const locationId = usePathId("locationId");
  const { queue } = usePlace(locationId);
  return (
    <PlaceFrame locationId={locationId} current="kitchen" title="Kitchen">
      {() => (
        <>
          <Loaded query={queue} what="The kitchen’s queue">
            {({ orders }) =>
              orders.length === 0 ? (
                <Empty title="Nothing to do">
                  <p>Orders appear here by themselves, as soon as somebody sends one.</p>
                </Empty>
              ) : (
                <Board orders={orders} at={`/places/${locationId}`} />
              )
            }
          </Loaded>
          <Outlet />
        </>
      )}
    </PlaceFrame>
  );
}

function Board({ orders, at }: { readonly orders: readonly KitchenOrder[]; readonly at: string }) {
  const counts = dishCounts(orders);
  return (
    <>
      <section className="all-day" aria-label="Still to make, by dish">
        <h2>Still to make</h2>
        <ul>
          {counts.map(({ name, quantity }) => (
            <li key={name}>
              <b>{quantity}</b> {name}
            </li>
          ))}
        </ul>
      </section>
      <ol className="board" aria-label="Orders, oldest first">
        {orders.map((each) =>
          each.order === undefined ? null : (
            <li key={String(each.order.orderId)}>
              <OrderTicket
                sessionId={each.sessionId}
                order={each.order}
                head={<TicketHead entry={each} at={at} />}
                declineHref={`${at}/kitchen/decline/${each.sessionId}/${each.order.orderId}`}
              />
            </li>
          ),
        )}
      </ol>
    </>
  );
}

/** Later than this, somebody is hungry. */
const lateMs = 15 * 60_000;

function TicketHead({ entry, at }: { readonly entry: KitchenOrder; readonly at: string }) {
  const now = useNow();
  const age = now - (momentOf(entry.order?.placedTime) ?? now);
  const isForTable = entry.guestNickname === "" || entry.guestNickname === entry.sessionName;
  return (
    <span className="ticket-who">
      <span className={`ticket-age${age > lateMs ? " ticket-late" : ""}`}>
        {formatDuration(age)}
        {age > lateMs ? <span className="unseen"> late</span> : null}
      </span>
      <Link href={`${at}/table/${entry.sessionId}`}>{entry.sessionName}</Link>
      {isForTable ? null : <span className="quiet">{entry.guestNickname}</span>}
    </span>
  );
}

import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { Outlet } from "@tanstack/react-router";
import { usePathId, useTitle } from "../app/navigate.ts";
import { NotFound } from "../app/not-found.tsx";
import { differenceOf } from "../tables/order-steps.ts";
import { ordersByGuest } from "../tables/session-changes.ts";
import { useTableSession } from "../tables/use-table-session.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty, Notice } from "../ui/notice.tsx";
import { Time } from "../ui/time.tsx";
import { Bills } from "./bills.tsx";
import { Guests } from "./guests.tsx";
import { OrderTicket } from "./order-ticket.tsx";
import { SessionDot } from "./session-dot.tsx";
import "../tables/parts.css";
import "./places.css";
import "./table.css";

/** One table: what was ordered by whom, how far it is, and what was paid. */
export default function TablePage() {
  const locationId = usePathId("locationId");
  const sessionId = usePathId("sessionId");
  const query = useTableSession(sessionId);
  useTitle(query.data?.session?.name ?? "Table");
  if (sessionId === 0n || locationId === 0n) {
    return <NotFound />;
  }
  return (
    <div className="places">
      <p className="quiet">
        <Link href={`/places/${locationId}`}>‹ Tables</Link>
      </p>
      <Loaded query={query} what="The table">
        {({ session }) => (session === undefined ? null : <Table session={session} />)}
      </Loaded>
      <Outlet />
    </div>
  );
}

function Table({ session }: { readonly session: TableSession }) {
  const at = `/places/${session.locationId}/table/${session.sessionId}`;
  return (
    <>
      <header className="table-head">
        <h1>{session.name}</h1>
        <SessionDot state={session.state} />
        <span className="quiet">
          opened <Time value={session.openedTime} />
        </span>
        {session.state === SessionState.OPEN ? (
          <span className="table-actions">
            <Link href={`${at}/qr`} button="plain">
              QR code
            </Link>
            <Link href={`${at}/order`} button="plain">
              Order for the table
            </Link>
            <Link href={`${at}/close`} button="danger">
              Close the table…
            </Link>
          </span>
        ) : null}
      </header>
      <ClosedNotice session={session} />
      <div className="table-columns">
        <section className="places-section" aria-label="Orders">
          <h2>Orders</h2>
          <Orders session={session} at={at} />
        </section>
        <div className="places-section table-side">
          <Sums session={session} />
          <Bills session={session} at={at} />
          <Guests session={session} />
        </div>
      </div>
    </>
  );
}

function ClosedNotice({ session }: { readonly session: TableSession }) {
  const { state, closedTime, closeReason, locationId } = session;
  if (state === SessionState.OPEN) {
    return null;
  }
  return (
    <Notice
      tone={state === SessionState.CLOSED ? "plain" : "waiting"}
      title={state === SessionState.CLOSED ? "This table is closed" : "This table is being closed"}
      announced
      actions={
        <Link href={`/places/${locationId}`} button="plain">
          Back to the tables
        </Link>
      }
    >
      <p>
        {state === SessionState.CLOSED ? (
          <>
            Closed <Time value={closedTime} />. Its code, its link and its guests’ phones do not work any
            more.
          </>
        ) : (
          "What is still under way is being ended. Nothing can be ordered any more."
        )}
        {closeReason === "" ? null : ` Reason: ${closeReason}`}
      </p>
    </Notice>
  );
}

function Orders({ session, at }: { readonly session: TableSession; readonly at: string }) {
  const groups = ordersByGuest(session);
  if (groups.length === 0) {
    return (
      <Empty
        title="Nothing was ordered yet"
        action={
          <Link href={`${at}/qr`} button="primary">
            Show the code to the guests
          </Link>
        }
      >
        <p>Guests order from their phones, or you do it for them. It appears here by itself.</p>
      </Empty>
    );
  }
  return groups.map(({ guestId, name, orders }) => (
    <section key={String(guestId)} className="guest-orders" aria-label={name}>
      <h3>{name}</h3>
      {orders.map((order) => (
        <OrderTicket
          key={String(order.orderId)}
          sessionId={session.sessionId}
          order={order}
          head={
            <span className="quiet">
              <Time value={order.placedTime} relative={false} />
              {order.staffUserId === 0n ? "" : ", by the staff"}
            </span>
          }
          declineHref={`${at}/decline/${order.orderId}`}
          showsTotal
        />
      ))}
    </section>
  ));
}

function Sums({ session: { total, paid } }: { readonly session: TableSession }) {
  if (total === undefined) {
    return null;
  }
  return (
    <dl className="table-sums">
      <div>
        <dt>Total</dt>
        <dd data-sum="total">
          <Money value={total} />
        </dd>
      </div>
      <div>
        <dt>Paid</dt>
        <dd>{paid === undefined ? "–" : <Money value={paid} />}</dd>
      </div>
      <div>
        <dt>Left to pay</dt>
        <dd>
          <Money value={differenceOf(total, paid)} />
        </dd>
      </div>
    </dl>
  );
}

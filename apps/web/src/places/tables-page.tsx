import { useQuery } from "@connectrpc/connect-query";
import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { usePathId, useQueryFields } from "../app/navigate.ts";
import { formatDuration, momentOf } from "../format.ts";
import { queryText } from "../query-text.ts";
import { isCharged, isUnderWay } from "../tables/order-steps.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { NewTable } from "./new-table.tsx";
import { PlaceFrame } from "./place-frame.tsx";
import { SessionDot } from "./session-dot.tsx";
import "./table-list.css";

const pageSize = 50;

/** The tables of a location: who sits where, what they owe, and what they wait for. */
export default function TablesPage() {
  const locationId = usePathId("locationId");
  const [{ show = "", page = "" }] = useQueryFields();
  const isAll = show === "all";
  const query = useQuery(
    TablesService.method.listSessions,
    {
      locationId,
      state: isAll ? SessionState.UNSPECIFIED : SessionState.OPEN,
      pageSize,
      pageToken: page,
    },
    { enabled: locationId > 0n, placeholderData: keepPreviousData },
  );
  const at = `/places/${locationId}`;
  return (
    <PlaceFrame locationId={locationId} current="tables" title="Tables">
      {() => (
        <>
          <NewTable locationId={locationId} />
          <Tabs
            label="Which tables"
            tabs={[
              { href: at, text: "Open", isCurrent: !isAll },
              { href: `${at}?show=all`, text: "All", isCurrent: isAll },
            ]}
          />
          <Loaded query={query} what="The list of tables">
            {({ sessions, nextPageToken }) => (
              <>
                {sessions.length === 0 ? <NoTables isAll={isAll} at={at} /> : <Tables sessions={sessions} />}
                {nextPageToken === "" ? null : (
                  <p>
                    <Link href={`${at}${queryText({ show, page: nextPageToken })}`} button="plain">
                      Older
                    </Link>
                  </p>
                )}
              </>
            )}
          </Loaded>
        </>
      )}
    </PlaceFrame>
  );
}

function NoTables({ isAll, at }: { readonly isAll: boolean; readonly at: string }) {
  return (
    <Empty
      title={isAll ? "No table was ever opened here" : "No table is open"}
      {...(!isAll && { action: <Link href={`${at}?show=all`}>Show closed ones</Link> })}
    >
      <p>Open one above: it has a QR code then, and whoever scans it can order.</p>
    </Empty>
  );
}

function Tables({ sessions }: { readonly sessions: readonly TableSession[] }) {
  return (
    <ul className="ruled" aria-label="Tables">
      {sessions.map((session) => (
        <li key={String(session.sessionId)}>
          <Link href={`/places/${session.locationId}/table/${session.sessionId}`} className="table-row" isRow>
            <SessionDot state={session.state} />
            <span className="table-name">{session.name}</span>
            {session.state === SessionState.CLOSED ? (
              <ClosedCells session={session} />
            ) : (
              <OpenCells session={session} />
            )}
            <span aria-hidden="true">›</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** What goes on at a table; its picture is kept live by the location's topic. */
function OpenCells({ session }: { readonly session: TableSession }) {
  const now = useNow(false);
  const picture = useSessionPicture(session.sessionId).data?.session ?? session;
  const guests = picture.guests.filter(({ isTable, isRemoved }) => !isTable && !isRemoved).length;
  const items = picture.orders
    .filter(isCharged)
    .flatMap(({ lines }) => lines)
    .reduce((sum, { quantity }) => sum + quantity, 0);
  const waiting = picture.orders.filter(({ status }) => isUnderWay(status)).length;
  return (
    <>
      <span className="table-since quiet">
        {formatDuration(now - (momentOf(session.openedTime) ?? now)).replace(/:\d\d min$/, " min")}
      </span>
      <span className="table-guests">{countOf(guests, "guest")}</span>
      <span className="table-items">{countOf(items, "item")}</span>
      <span className="table-total">
        {picture.total === undefined ? <span className="quiet">–</span> : <Money value={picture.total} />}
      </span>
      <span className="table-waiting">
        {waiting === 0 ? null : <span className="waiting-count">{waiting} waiting</span>}
      </span>
    </>
  );
}

function ClosedCells({ session }: { readonly session: TableSession }) {
  const { total, paid } = session;
  const isPaid = total === undefined || (paid?.amountMinor ?? 0n) >= total.amountMinor;
  return (
    <>
      <span className="table-since quiet">
        <Time value={session.closedTime} relative={false} />
      </span>
      <span className="table-guests" />
      <span className="table-items quiet">
        {total === undefined ? "nothing" : isPaid ? "paid" : "not all paid"}
      </span>
      <span className="table-total">
        {total === undefined ? <span className="quiet">–</span> : <Money value={total} />}
      </span>
      <span className="table-waiting" />
    </>
  );
}

function countOf(count: number, what: string): string {
  return count === 0 ? `no ${what}s` : `${count} ${what}${count === 1 ? "" : "s"}`;
}

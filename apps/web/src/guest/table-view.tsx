import { Code, ConnectError } from "@connectrpc/connect";
import { useQuery } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { LiveDot } from "../app/live-dot.tsx";
import { useQueryFields, useTitle } from "../app/navigate.ts";
import { isCharged } from "../tables/order-steps.ts";
import { useTableSession } from "../tables/use-table-session.ts";
import { Loaded } from "../ui/loaded.tsx";
import { Notice } from "../ui/notice.tsx";
import { Tabs } from "../ui/tabs.tsx";
import type { KeptGuest } from "./kept-guest.ts";
import { MenuView } from "./menu-view.tsx";
import { OrderedView } from "./ordered-view.tsx";

export interface TableViewProps {
  readonly code: string;
  readonly guest: KeptGuest;
  readonly onClosed: (session: TableSession) => void;
  /** The token is refused. */
  readonly onGone: () => void;
}

/** What a refused token is answered with. */
const refusals: readonly Code[] = [Code.Unauthenticated, Code.NotFound, Code.PermissionDenied];

export function TableView({ code, guest, onClosed, onGone }: TableViewProps) {
  const query = useTableSession(guest.sessionId, ({ what }) => {
    if (what.case === "end" && refusals.includes(what.value.code)) {
      onGone();
    }
  });
  const session = query.data?.session;
  const isClosed = session?.state === SessionState.CLOSED;
  const isRefused =
    !isClosed && query.error !== null && refusals.includes(ConnectError.from(query.error).code);
  const tellEnd = useEffectEvent(() => {
    if (isClosed && session !== undefined) {
      onClosed(session);
    } else if (isRefused) {
      onGone();
    }
  });
  useEffect(tellEnd, [isClosed, isRefused]);
  return (
    <Loaded query={query} what="The table">
      {() =>
        session === undefined || isClosed ? null : <Table code={code} guest={guest} session={session} />
      }
    </Loaded>
  );
}

interface TableProps {
  readonly code: string;
  readonly guest: KeptGuest;
  readonly session: TableSession;
}

function Table({ code, guest, session }: TableProps) {
  const [{ show = "" }] = useQueryFields();
  const place = useQuery(LocationsService.method.getLocation, { locationId: guest.locationId });
  const placeName = place.data?.location?.name;
  useTitle(placeName === undefined ? session.name : `${session.name} · ${placeName}`);
  const count = session.orders
    .filter(isCharged)
    .flatMap(({ lines }) => lines)
    .reduce((sum, { quantity }) => sum + quantity, 0);
  const isOrdered = show === "ordered";
  return (
    <div className="guest">
      <header className="guest-head">
        <p className="guest-where">
          {placeName === undefined ? null : <span className="guest-place">{placeName}</span>}
          <b>{session.name}</b>
        </p>
        <p className="guest-who">
          <span className="quiet">You: {guest.nickname}</span>
          <LiveDot />
        </p>
        <Tabs
          label="Parts of the table"
          tabs={[
            { href: `/t/${code}`, text: "Menu", isCurrent: !isOrdered },
            { href: `/t/${code}?show=ordered`, text: "Ordered", count, isCurrent: isOrdered },
          ]}
        />
      </header>
      {session.state === SessionState.CLOSING ? (
        <Notice tone="waiting" title="The table is being closed" announced>
          <p>Nothing can be ordered any more.</p>
        </Notice>
      ) : null}
      {isOrdered ? (
        <OrderedView code={code} guest={guest} session={session} />
      ) : (
        <MenuView code={code} guest={guest} session={session} />
      )}
      <Outlet />
    </div>
  );
}

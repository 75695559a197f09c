import { useMutation } from "@connectrpc/connect-query";
import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useState } from "react";
import { failureText } from "../failure-text.ts";
import { useTablesReader } from "../tables/use-tables-reader.ts";
import { Button } from "../ui/button.tsx";
import { Time } from "../ui/time.tsx";
import { useOnce } from "../ui/use-once.ts";
import "./table.css";

/** Who sits here. Whoever should not loses the token; the orders stay. */
export function Guests({ session }: { readonly session: TableSession }) {
  const read = useTablesReader();
  const removal = useMutation(TablesService.method.removeGuest, { onSettled: () => void read() });
  const once = useOnce();
  const [asked, setAsked] = useState<bigint>();
  const guests = session.guests.filter(({ isTable }) => !isTable);
  const isOpen = session.state === SessionState.OPEN;
  return (
    <section className="places-section" aria-label="Guests">
      <h2>Guests</h2>
      {guests.length === 0 ? <p className="quiet">Nobody has scanned the code yet.</p> : null}
      <ul className="ruled">
        {guests.map(({ guestId, nickname, joinedTime, isRemoved }) => (
          <li key={String(guestId)} className="guest-row">
            <span className={isRemoved ? "guest-removed" : ""}>{nickname}</span>
            <span className="quiet">
              {isRemoved ? "removed" : "since "}
              {isRemoved ? null : <Time value={joinedTime} relative={false} />}
            </span>
            {!isOpen || isRemoved ? null : asked === guestId ? (
              <Button
                kind="danger-solid"
                aria-label={`Remove ${nickname} for good`}
                isPending={removal.isPending}
                pendingText="Removing…"
                onPress={() => once(() => removal.mutateAsync({ sessionId: session.sessionId, guestId }))}
              >
                Remove for good
              </Button>
            ) : (
              <Button kind="quiet" aria-label={`Remove ${nickname}`} onPress={() => setAsked(guestId)}>
                Remove…
              </Button>
            )}
          </li>
        ))}
      </ul>
      {removal.error === null ? null : (
        <p className="ticket-problem" role="alert">
          {failureText(removal.error).text}
        </p>
      )}
    </section>
  );
}

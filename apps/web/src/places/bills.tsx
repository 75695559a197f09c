import { useMutation } from "@connectrpc/connect-query";
import {
  type Bill,
  type BillShare,
  BillState,
  SessionState,
  SettlementKind,
  ShareState,
  type TableSession,
} from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { failureText } from "../failure-text.ts";
import { billableOrders, sumOf } from "../tables/order-steps.ts";
import { shareName } from "../tables/split.ts";
import { billStatus, shareStatus } from "../tables/table-words.ts";
import { useTablesReader } from "../tables/use-tables-reader.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { useOnce } from "../ui/use-once.ts";
import { declineText } from "../words.ts";
import "./bills.css";

/** What is to be paid, divided among those who pay. */
export function Bills({ session, at }: { readonly session: TableSession; readonly at: string }) {
  const free = billableOrders(session);
  const isOpen = session.state === SessionState.OPEN;
  return (
    <section className="places-section" aria-label="Bills">
      <h2>Bills</h2>
      {isOpen && free.length > 0 ? (
        <p className="bill-offer">
          <span>
            Served, not on a bill yet: <Money value={sumOf(free.map(({ total }) => total))} />
          </span>
          <Link href={`${at}/bill`} button="primary">
            Make the bill
          </Link>
        </p>
      ) : session.bills.length === 0 ? (
        <p className="quiet">{isOpen ? "What is served can be put on a bill." : "There was no bill."}</p>
      ) : null}
      {session.bills.map((bill) => (
        <BillCard key={String(bill.billId)} session={session} bill={bill} at={at} />
      ))}
    </section>
  );
}

function BillCard({ session, bill, at }: { session: TableSession; bill: Bill; at: string }) {
  const read = useTablesReader();
  const taking = useMutation(TablesService.method.voidBill, { onSettled: () => void read() });
  const once = useOnce();
  const { sessionId } = session;
  const isUntouched = bill.shares.every(({ state }) => state === ShareState.UNPAID);
  const mayTakeBack = bill.state === BillState.OPEN && isUntouched && session.state === SessionState.OPEN;
  return (
    <article className="bill" aria-label={`Bill ${bill.billId}`}>
      <header className="bill-head">
        <span>
          Bill over <Money value={bill.total} />
        </span>
        <StatusChip {...billStatus[bill.state]} />
      </header>
      {bill.state === BillState.VOID ? null : (
        <ul className="ruled">
          {bill.shares.map((share, index) => (
            <ShareRow
              key={String(share.shareId)}
              session={session}
              share={share}
              name={shareName(session, bill, index)}
              isPayable={bill.state === BillState.OPEN}
              at={at}
            />
          ))}
        </ul>
      )}
      {mayTakeBack ? (
        <p>
          <Button
            kind="quiet"
            isPending={taking.isPending}
            pendingText="Taking it back…"
            onPress={() => once(() => taking.mutateAsync({ sessionId, billId: bill.billId }))}
          >
            Take it back, to divide it otherwise
          </Button>
        </p>
      ) : null}
      {taking.error === null ? null : (
        <p className="ticket-problem" role="alert">
          {failureText(taking.error).text}
        </p>
      )}
    </article>
  );
}

interface ShareRowProps {
  readonly session: TableSession;
  readonly share: BillShare;
  readonly name: string;
  readonly isPayable: boolean;
  readonly at: string;
}

function ShareRow({ session, share, name, isPayable, at }: ShareRowProps) {
  const read = useTablesReader();
  const settling = useMutation(TablesService.method.settleShare, { onSettled: () => void read() });
  const once = useOnce();
  const { sessionId } = session;
  const { shareId, state } = share;
  return (
    <li className="share-row">
      <span className="share-name">{name}</span>
      <span className="share-amount">
        <Money value={share.amount} />
      </span>
      <StatusChip {...shareStatus(share)} />
      {isPayable && state === ShareState.UNPAID ? (
        <span className="share-actions">
          <Button
            aria-label={`Cash from ${name}`}
            isPending={settling.isPending}
            pendingText="Noting…"
            onPress={() =>
              once(() => settling.mutateAsync({ sessionId, shareId, kind: SettlementKind.CASH }))
            }
          >
            Cash
          </Button>
          <Link href={`${at}/write-off/${shareId}`} button="danger" aria-label={`Write off ${name}`}>
            Write off…
          </Link>
        </span>
      ) : null}
      {share.declineCode === "" || state === ShareState.PAID ? null : (
        <span className="share-note">Last try: {declineText(share.declineCode)}</span>
      )}
      {settling.error === null ? null : (
        <span className="share-note ticket-problem" role="alert">
          {failureText(settling.error).text}
        </span>
      )}
    </li>
  );
}

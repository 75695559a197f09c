import { useMutation } from "@connectrpc/connect-query";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useState } from "react";
import { formatMoney } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Form } from "../ui/form.tsx";
import { Money } from "../ui/money.tsx";
import { Choices } from "../ui/select.tsx";
import { billableOrders, sumOf } from "./order-steps.ts";
import { Quantity } from "./quantity.tsx";
import { peopleAtTable, planByGuest, planEvenly } from "./split.ts";
import { useTablesReader } from "./use-tables-reader.ts";
import "./parts.css";

export interface SplitFormProps {
  readonly session: TableSession;
  readonly onDone: () => void;
  /** Whose share is "you". */
  readonly ownGuestId?: bigint;
}

/** Divides what was served and is on no bill, by guest or evenly. */
export function SplitForm({ session, onDone, ownGuestId }: SplitFormProps) {
  const [by, setBy] = useState("guest");
  const [count, setCount] = useState(peopleAtTable(session));
  const read = useTablesReader();
  const making = useMutation(TablesService.method.makeBill, { onSuccess: read });
  const orders = billableOrders(session);
  const total = sumOf(orders.map((order) => order.total));
  const even = planEvenly(total, count);
  return (
    <Form
      error={making.error}
      onSubmit={async () => {
        // What was on the screen is what is divided: not what is served a moment later.
        const orderIds = orders.map(({ orderId }) => orderId);
        const { sessionId } = session;
        await making.mutateAsync(
          by === "guest"
            ? { sessionId, orderIds, split: { case: "byGuest", value: {} } }
            : { sessionId, orderIds, split: { case: "evenly", value: { shares: count } } },
        );
        onDone();
      }}
    >
      <p>
        <b>{formatMoney(total)}</b> was served and is not on a bill yet.
      </p>
      <Choices
        legend="Who pays what"
        name="split"
        value={by}
        onChange={setBy}
        options={[
          { value: "guest", text: "Everybody what they ordered" },
          { value: "evenly", text: "The same for everybody" },
        ]}
      />
      {by === "evenly" ? (
        <p className="split-count">
          <span>Divided by</span>
          <Quantity name="payer" value={count} onChange={(next) => setCount(Math.max(1, next))} />
        </p>
      ) : null}
      <ul className="ruled" aria-label="What comes of it">
        {by === "guest"
          ? planByGuest(session, orders).map(({ guestId, name, amount }) => (
              <li key={String(guestId)} className="split-row">
                <span>{guestId === ownGuestId ? "You" : name}</span>
                <Money value={amount} />
              </li>
            ))
          : [
              <li key="each" className="split-row">
                <span>Each of {count}</span>
                <span>
                  <Money value={even[0]} />
                  {even.at(-1)?.amountMinor === even[0]?.amountMinor ? "" : " or a little less"}
                </span>
              </li>,
            ]}
      </ul>
      <div className="form-actions">
        <Button type="submit" kind="primary" isPending={making.isPending} pendingText="Making the bill…">
          Make the bill
        </Button>
        <Button onPress={onDone}>Not now</Button>
      </div>
    </Form>
  );
}

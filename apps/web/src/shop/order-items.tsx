import type { Order, OrderItem, OrderLine, RefundSheet } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { formatCount, multiplyMoney } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { useOnce } from "../ui/use-once.ts";
import { refundKindText, refundStatus } from "../words.ts";
import type { Allowed } from "./allowed.ts";
import { useBuyerAction } from "./use-order.ts";

/** What was bought, and how far each of it is with a refund. */
export function OrderItems({ order, allowed }: { readonly order: Order; readonly allowed: Allowed }) {
  return (
    <ul className="items">
      {order.lines.map((line) => (
        <li key={line.sku} className="item">
          <ItemLine line={line} />
          <Refunds
            order={order}
            item={order.items.find(({ sku }) => sku === line.sku)}
            sku={line.sku}
            allowed={allowed}
          />
        </li>
      ))}
    </ul>
  );
}

function ItemLine({ line }: { readonly line: OrderLine }) {
  return (
    <div className="item-line">
      <span>
        {formatCount(line.quantity)} × {line.name === "" ? `Number ${line.sku}` : line.name}
        {line.attributes.map(({ name, value }) => (
          <span key={name} className="quiet">
            {" "}
            {name}: {value}
          </span>
        ))}
      </span>
      <Money value={multiplyMoney(line.unitPrice, line.quantity)} bare />
    </div>
  );
}

interface RefundsProps {
  readonly order: Order;
  readonly item: OrderItem | undefined;
  readonly sku: number;
  readonly allowed: Allowed;
}

function Refunds({ order, item, sku, allowed }: RefundsProps) {
  const page = `/orders/${order.orderId}`;
  const mayAsk = allowed.may("request refund", sku) || allowed.may("request refund with return", sku);
  return (
    <>
      {(item?.refunds ?? []).map((refund, index, all) => (
        <Refund
          key={String(refund.refundId)}
          order={order}
          refund={refund}
          allowed={index === all.length - 1 ? allowed : undefined}
        />
      ))}
      {mayAsk ? (
        <p>
          <Link href={`${page}/refund/${sku}`}>Ask for a refund</Link>
        </p>
      ) : null}
    </>
  );
}

interface RefundProps {
  readonly order: Order;
  readonly refund: RefundSheet;
  /** Only the last one may still be open. */
  readonly allowed: Allowed | undefined;
}

function Refund({ order, refund, allowed }: RefundProps) {
  const action = useBuyerAction(order.orderId);
  const sku = refund.itemSku;
  const once = useOnce();
  const take = (name: string) => once(() => action.take({ action: name, itemSku: sku }));
  const page = `/orders/${order.orderId}`;
  return (
    <div className="refund">
      <p className="refund-head">
        <StatusChip {...refundStatus(refund.stateCode)} />
        <span>
          {refundKindText[refund.kind]}
          {refund.amount === undefined ? null : (
            <>
              {", "}
              <Money value={refund.amount} />
            </>
          )}
        </span>
        <span className="quiet">
          <Time value={refund.changedTime} />
        </span>
      </p>
      {refund.reason === "" ? null : <p className="refund-text">“{refund.reason}”</p>}
      {refund.trackingNumber === "" ? null : (
        <p className="quiet">
          Sent back with {refund.carrier}, parcel <span className="mono">{refund.trackingNumber}</span>
        </p>
      )}
      {refund.failureCode === "" ? null : (
        <p className="waiting-text">The money could not be paid back yet. The platform looks after it.</p>
      )}
      {refund.stateCode === "WBS" ? (
        <p>The seller agreed. Send it back, and tell us the parcel number.</p>
      ) : null}
      {action.error === null ? null : <Failure error={action.error} />}
      <div className="button-row">
        {allowed?.may("ship back", sku) ? (
          <Link href={`${page}/return/${sku}`} button="primary">
            I have sent it back
          </Link>
        ) : null}
        {allowed?.may("change refund request", sku) ? (
          <Link href={`${page}/refund/${sku}?change=1`} button="plain">
            Change the request
          </Link>
        ) : null}
        {allowed?.may("request customer service involvement", sku) ? (
          <Button isPending={action.isPending} onPress={() => take("request customer service involvement")}>
            Ask customer service
          </Button>
        ) : null}
        {allowed?.may("cancel refund request", sku) ? (
          <Button kind="danger" isPending={action.isPending} onPress={() => take("cancel refund request")}>
            Withdraw
          </Button>
        ) : null}
      </div>
    </div>
  );
}

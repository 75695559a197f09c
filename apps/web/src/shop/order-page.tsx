import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Payment } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { Outlet } from "@tanstack/react-router";
import { usePathId, useTitle } from "../app/navigate.ts";
import { NotFound } from "../app/not-found.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { shopStatus } from "../words.ts";
import { allowedOf } from "./allowed.ts";
import { OrderItems } from "./order-items.tsx";
import { OrderNext } from "./order-next.tsx";
import { OrderTimeline } from "./order-timeline.tsx";
import { useOrder } from "./use-order.ts";
import { VoucherCodes } from "./voucher-codes.tsx";
import "./shop.css";
import "./order.css";

export default function OrderPage() {
  const orderId = usePathId("orderId");
  useTitle(`Order ${orderId}`);
  const { order: query, history, actions, payment, voucher } = useOrder(orderId);
  const allowed = allowedOf(actions.data);
  if (orderId === 0n) {
    return <NotFound />;
  }
  return (
    <div className="stack">
      <p>
        <Link href="/orders">‹ My orders</Link>
      </p>
      <Loaded query={query} what="The order">
        {({ order }) =>
          order === undefined ? null : (
            <>
              <header className="order-head">
                <h1>
                  Order <span className="mono">{String(order.orderId)}</span>
                </h1>
                <StatusChip {...shopStatus(order.status)} />
                <span className="quiet">
                  placed <Time value={order.createdTime} />
                </span>
              </header>
              <OrderNext order={order} allowed={allowed} payment={payment.data?.payment} />
              {voucher.data === undefined ? null : <VoucherCodes voucher={voucher.data} />}
              <div className="order-columns">
                <section className="stack-small" aria-label="What you bought">
                  <h2>What you bought</h2>
                  <OrderItems order={order} allowed={allowed} />
                  <Sums order={order} payment={payment.data?.payment} />
                </section>
                <section className="stack-small" aria-label="What happened">
                  <h2>What happened</h2>
                  <Loaded query={history} what="The history">
                    {({ entries }) => <OrderTimeline entries={entries} order={order} />}
                  </Loaded>
                </section>
              </div>
              <Outlet />
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function Sums({ order, payment }: { readonly order: Order; readonly payment: Payment | undefined }) {
  const refunded = order.refunded ?? payment?.refunded;
  return (
    <dl className="sums">
      {order.shippingFee === undefined ? null : (
        <div>
          <dt>Shipping</dt>
          <dd>
            <Money value={order.shippingFee} bare />
          </dd>
        </div>
      )}
      <div className="sums-total">
        <dt>Total</dt>
        <dd>
          <Money value={order.total} />
        </dd>
      </div>
      {refunded === undefined || refunded.amountMinor === 0n ? null : (
        <div>
          <dt>Paid back to you</dt>
          <dd>
            <Money value={refunded} />
          </dd>
        </div>
      )}
    </dl>
  );
}

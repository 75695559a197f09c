import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { usePathId, useTitle } from "../app/navigate.ts";
import { NotFound } from "../app/not-found.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Skeleton } from "../ui/notice.tsx";
import { OrderHistory } from "./order-history.tsx";
import { OrderLines } from "./order-lines.tsx";
import { OrderMessages } from "./order-messages.tsx";
import { OrderPayment } from "./order-payment.tsx";
import { OrderRefunds } from "./order-refunds.tsx";
import { OrderTop } from "./order-top.tsx";
import { OrderVoucher } from "./order-voucher.tsx";
import { rememberedList } from "./remembered-list.ts";
import { RoleBoxes } from "./role-box-list.tsx";
import { OrderTrace } from "./step-trace.tsx";
import { type DeskOrder, useDeskOrder } from "./use-desk-order.ts";
import "./desk.css";

const WorkflowDiagram = lazy(() => import("./workflow-diagram.tsx"));

/** What is it, whose turn, what can I do, why not. */
export default function OrderPage() {
  const orderId = usePathId("orderId");
  useTitle(`Order ${orderId}`);
  const parts = useDeskOrder(orderId);
  if (orderId === 0n) {
    return <NotFound />;
  }
  return (
    <div className="desk-page">
      <p className="desk-head">
        <Link href={rememberedList()}>‹ Orders</Link>
        <span className="desk-head-space" />
        <OrderTrace entry={parts.history.data?.entries[0]} />
        <CopyButton kind="quiet" text={window.location.href} what="link">
          Copy link
        </CopyButton>
      </p>
      <Loaded query={parts.order} what="The order">
        {({ order }) => (order === undefined ? null : <OrderParts order={order} parts={parts} />)}
      </Loaded>
    </div>
  );
}

function OrderParts({ order, parts }: { readonly order: Order; readonly parts: DeskOrder }) {
  const { workflow, history, payment, voucher } = parts;
  return (
    <>
      <OrderTop order={order} payment={payment.data?.payment} />
      <Loaded query={workflow} what="The workflow">
        {(answer) =>
          answer.workflow === undefined ? null : (
            <RoleBoxes order={order} workflow={answer.workflow} parts={parts} />
          )
        }
      </Loaded>
      <div className="desk-columns">
        <div className="desk-page">
          <OrderLines order={order} holds={parts.holds} payment={payment.data?.payment} />
          <OrderRefunds order={order} />
          {voucher.data === undefined ? null : <OrderVoucher voucher={voucher.data} />}
          <OrderPayment query={payment} total={order.total} />
          <OrderMessages orderId={order.orderId} />
        </div>
        <section className="desk-section" aria-labelledby="desk-history">
          <h2 id="desk-history">History</h2>
          <Loaded query={history} what="The history">
            {({ entries, skippedTimers }) => (
              <OrderHistory
                entries={entries}
                skippedTimers={skippedTimers}
                workflow={workflow.data?.workflow}
              />
            )}
          </Loaded>
        </section>
      </div>
      {workflow.data?.workflow === undefined || history.data === undefined ? null : (
        <Suspense fallback={<Skeleton rows={4} widths={[90]} />}>
          <WorkflowDiagram order={order} workflow={workflow.data.workflow} entries={history.data.entries} />
        </Suspense>
      )}
      <Outlet />
    </>
  );
}

import { useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { type Order, OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { useQueryFields } from "../app/navigate.ts";
import { useTopic } from "../feed/use-topic.ts";
import { formatCount } from "../format.ts";
import { queryText } from "../query-text.ts";
import { useIdentity } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Time } from "../ui/time.tsx";
import { shopStatus } from "../words.ts";
import "./shop.css";
import "./orders.css";

const pageSize = 20;

const views: readonly {
  readonly name: string;
  readonly text: string;
  readonly statuses: readonly OrderStatus[];
}[] = [
  { name: "", text: "All", statuses: [] },
  { name: "unpaid", text: "To pay", statuses: [OrderStatus.AWAITING_PAYMENT] },
  {
    name: "open",
    text: "On the way",
    statuses: [OrderStatus.PAID, OrderStatus.SHIPMENT_HELD, OrderStatus.SHIPPED, OrderStatus.CONFIRMED],
  },
  {
    name: "done",
    text: "Completed",
    statuses: [
      OrderStatus.COMPLETED,
      OrderStatus.AWAITING_SETTLEMENT,
      OrderStatus.SETTLED,
      OrderStatus.DELIVERED,
    ],
  },
  { name: "canceled", text: "Canceled", statuses: [OrderStatus.CANCELED, OrderStatus.FAILED] },
];

export default function OrdersPage() {
  const [{ view: viewName = "", page = "" }] = useQueryFields();
  const view = views.find(({ name }) => name === viewName) ?? { name: "", text: "All", statuses: [] };
  // Who may see everybody's orders sees their own here.
  const userId = useIdentity()?.userId ?? 0n;
  const query = useQuery(
    LomsService.method.listOrders,
    { userId, statuses: [...view.statuses], pageSize, pageToken: page },
    { placeholderData: keepPreviousData },
  );
  useTopic("orders/mine", { touches: [LomsService.method.listOrders] });
  return (
    <div className="stack">
      <h1>My orders</h1>
      <Tabs
        label="Which orders"
        tabs={views.map(({ name, text }) => ({
          href: `/orders${queryText({ view: name })}`,
          text,
          isCurrent: name === view.name,
        }))}
      />
      <Loaded query={query} what="Your orders">
        {({ orders, nextPageToken }) => (
          <>
            {orders.length === 0 ? (
              <NoOrders view={view.text} isFiltered={view.name !== ""} />
            ) : (
              <Orders orders={orders} />
            )}
            <p className="paging">
              {page === "" ? null : (
                <Link href={`/orders${queryText({ view: view.name })}`} button="plain">
                  Newest
                </Link>
              )}
              {nextPageToken === "" ? null : (
                <Link href={`/orders${queryText({ view: view.name, page: nextPageToken })}`} button="plain">
                  Older
                </Link>
              )}
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}

function NoOrders({ view, isFiltered }: { readonly view: string; readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title={`Nothing under “${view}”`} action={<Link href="/orders">Show all orders</Link>} />
  ) : (
    <Empty
      title="No orders yet"
      action={
        <Link href="/" button="primary">
          Open the shop
        </Link>
      }
    >
      <p>What you buy appears here, with how far it is.</p>
    </Empty>
  );
}

function Orders({ orders }: { readonly orders: readonly Order[] }) {
  return (
    <ul className="orders">
      {orders.map((order) => (
        <li key={String(order.orderId)}>
          <Link href={`/orders/${order.orderId}`} className="order-row" isRow>
            <span className="order-row-id mono">{String(order.orderId)}</span>
            <StatusChip {...shopStatus(order.status)} />
            <Content order={order} />
            <span className="order-row-when quiet">
              <Time value={order.createdTime} relative={false} />
            </span>
            <span className="order-row-total">
              <Money value={order.total} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** "2 × Lamp + 3 more". */
function Content({ order: { lines } }: { readonly order: Order }) {
  const [first, ...others] = lines;
  if (first === undefined) {
    return <span className="order-row-what" />;
  }
  const name = first.name === "" ? `Number ${first.sku}` : first.name;
  return (
    <span className="order-row-what">
      <span className="order-row-name">
        {formatCount(first.quantity)} × {name}
      </span>
      {others.length === 0 ? null : <span className="quiet">+ {formatCount(others.length)} more</span>}
    </span>
  );
}

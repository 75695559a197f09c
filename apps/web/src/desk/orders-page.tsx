import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { useEffect } from "react";
import { useQueryFields } from "../app/navigate.ts";
import { formatCount } from "../format.ts";
import { queryText } from "../query-text.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { deskStatus } from "../words.ts";
import { FilterBar } from "./filter-bar.tsx";
import { filterText, filterWords, isFiltered, type ListFields, searchedNumber } from "./order-filter.ts";
import { rememberList } from "./remembered-list.ts";
import { pageSize, useOrderList } from "./use-order-list.ts";
import "./desk.css";

/** So many rows at most are loaded again for who comes back to where he or she was. */
const rowsMax = 20_000;

export default function OrdersPage() {
  const [fields, change] = useQueryFields();
  const filter = filterText(fields);
  const wanted = Math.min(rowsMax, Number(fields.rows) || 0);
  const list = useOrderList(fields, wanted);
  const { rows } = list;
  const loaded = list.query.data?.pages.length ?? 0;
  useEffect(() => rememberList(filter), [filter]);
  return (
    <div className="desk-page">
      <header className="desk-head">
        <h1>Orders</h1>
        <p className="quiet" role="status">
          {list.query.data === undefined || rows.length === 0
            ? ""
            : `${formatCount(rows.length)}${list.hasMore ? " and more" : ""}`}
        </p>
        {list.freshCount === 0 ? null : (
          <Button
            kind="quiet"
            onPress={() => {
              window.scrollTo({ top: 0 });
              list.showFresh();
            }}
          >
            {formatCount(list.freshCount)} new ↑
          </Button>
        )}
        <span className="desk-head-space" />
        <Link href="/desk/codes">Take a code</Link>
      </header>
      <FilterBar fields={fields} onChange={change} />
      <Loaded query={list.query} what="The orders">
        {() =>
          rows.length === 0 && !list.isLookingUp ? (
            <NoOrders fields={fields} />
          ) : (
            <Table
              caption="Orders"
              rows={rows}
              rowKey={({ orderId }) => String(orderId)}
              columns={columnsOf(fields)}
              rowHref={({ orderId }) => `/desk/orders/${orderId}`}
              isChanged={list.isChanged}
              phone={phoneRow}
              onEnd={() => {
                if (list.hasMore) {
                  list.loadMore();
                  // Whoever reloads the page, or comes back to it, finds as many rows as there were.
                  if (loaded > 1 && wanted < loaded * pageSize) {
                    change({ rows: String(loaded * pageSize) }, { replace: true });
                  }
                }
              }}
            />
          )
        }
      </Loaded>
    </div>
  );
}

function NoOrders({ fields }: { readonly fields: ListFields }) {
  if (!isFiltered(fields)) {
    return (
      <Empty title="No orders yet" action={<a href="/?as=buyer">Open the shop as a buyer</a>}>
        <p>What is bought in the shop comes up here by itself.</p>
      </Empty>
    );
  }
  const isNoNumber = (fields.q ?? "") !== "" && searchedNumber(fields) === undefined;
  return (
    <Empty
      title={isNoNumber ? `“${fields.q}” is no number` : "No order matches"}
      action={<Link href="/desk/orders">Clear the filter</Link>}
    >
      <p>
        {isNoNumber
          ? "Orders are found by their number, or by the number of their buyer."
          : `Looked for: ${filterWords(fields)}.`}
      </p>
    </Empty>
  );
}

function columnsOf(fields: ListFields): readonly Column<Order>[] {
  const isOldestFirst = fields.sort === "oldest";
  const sortHref = `/desk/orders${queryText({ ...fields, rows: "", sort: isOldestFirst ? "" : "oldest" })}`;
  return [
    {
      id: "order",
      title: "Order",
      width: 116,
      cell: ({ orderId }) => <span className="mono">{String(orderId)}</span>,
    },
    { id: "state", title: "State", width: 212, cell: (order) => <DeskChip order={order} /> },
    { id: "what", title: "What", cell: contentOf },
    { id: "workflow", title: "Kind", optional: 2, width: 84, cell: ({ workflow }) => workflow },
    {
      id: "buyer",
      title: "Buyer",
      optional: 3,
      width: 96,
      cell: ({ userId }) => <span className="mono">{String(userId)}</span>,
    },
    {
      id: "placed",
      title: "Placed",
      width: 184,
      cell: ({ createdTime }) => <Time value={createdTime} />,
      sort: { href: sortHref, direction: isOldestFirst ? "ascending" : "descending" },
    },
    { id: "total", title: "Total", width: 128, isNumber: true, cell: ({ total }) => <Money value={total} /> },
    { id: "version", title: "Steps", optional: 1, width: 64, isNumber: true, cell: ({ version }) => version },
  ];
}

function DeskChip({ order }: { readonly order: Order }) {
  return <StatusChip {...deskStatus(order.status)} code={order.stateCode} />;
}

function phoneRow(order: Order) {
  return {
    first: (
      <>
        <span className="mono">{String(order.orderId)}</span>
        <DeskChip order={order} />
      </>
    ),
    second: (
      <>
        <span>{contentOf(order)}</span>
        <Money value={order.total} />
      </>
    ),
  };
}

/** "2 × Lamp + 3". */
function contentOf({ lines }: Order): string {
  const [first, ...others] = lines;
  if (first === undefined) {
    return "";
  }
  const name = first.name === "" ? String(first.sku) : first.name;
  return `${formatCount(first.quantity)} × ${name}${others.length === 0 ? "" : ` + ${formatCount(others.length)}`}`;
}

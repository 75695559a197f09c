import type { StockLevel } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { Outlet } from "@tanstack/react-router";
import { useQueryFields } from "../app/navigate.ts";
import { formatCount } from "../format.ts";
import { queryText } from "../query-text.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useStock } from "./use-stock.ts";
import { WarehouseField, warehouseOf } from "./warehouse-field.tsx";
import "./warehouse.css";

/** What each warehouse has of each SKU. */
export default function StockPage() {
  const [fields, change] = useQueryFields();
  const text = (fields.q ?? "").trim();
  const stock = useStock({ text, warehouseId: warehouseOf(fields.warehouse) });
  return (
    <div className="stock-page">
      <header className="stock-head">
        <h1>Warehouse</h1>
        <span className="stock-head-space" />
        <Link href={`/warehouse/receive${queryText(fields)}`} button="primary">
          Receive stock
        </Link>
      </header>
      <div className="stock-filters">
        <SearchField
          label="SKU or name"
          value={fields.q ?? ""}
          onSearch={(q) => change({ q }, { replace: true })}
        />
        <WarehouseField value={fields.warehouse ?? ""} onChange={(warehouse) => change({ warehouse })} />
        <p className="quiet" role="status">
          {stock.query.data === undefined
            ? ""
            : `${formatCount(stock.levels.length)}${stock.hasMore ? " and more" : ""}`}
        </p>
      </div>
      <Loaded query={stock.query} what="The stock">
        {() =>
          stock.levels.length === 0 ? (
            <NoStock text={text} warehouse={fields.warehouse ?? ""} />
          ) : (
            <Table
              caption="Stock levels"
              rows={stock.levels}
              rowKey={({ sku, warehouseId }) => `${sku} ${warehouseId}`}
              rowHref={({ sku }) => `/warehouse/${sku}`}
              columns={columnsOf(stock.names)}
              phone={(level) => phoneRow(level, stock.names)}
              onEnd={stock.loadMore}
            />
          )
        }
      </Loaded>
      <Outlet />
    </div>
  );
}

function NoStock({ text, warehouse }: { readonly text: string; readonly warehouse: string }) {
  return text === "" && warehouse === "" ? (
    <Empty
      title="No warehouse has anything yet"
      action={
        <Link href="/warehouse/receive" button="primary">
          Receive stock
        </Link>
      }
    />
  ) : (
    <Empty
      title={text === "" ? `Warehouse ${warehouse} has nothing` : `No warehouse has “${text}”`}
      action={<Link href="/warehouse">Show all stock</Link>}
    />
  );
}

function columnsOf(names: ReadonlyMap<number, string>): readonly Column<StockLevel>[] {
  return [
    { id: "sku", title: "SKU", width: 112, cell: ({ sku }) => <span className="mono">{sku}</span> },
    {
      id: "name",
      title: "Name",
      width: 320,
      cell: ({ sku }) => names.get(sku) ?? <span className="quiet">not in the catalogue</span>,
    },
    { id: "warehouse", title: "Warehouse", cell: ({ warehouseId }) => `W${warehouseId}` },
    {
      id: "on-hand",
      title: "On hand",
      isNumber: true,
      cell: ({ onHand }) => formatCount(onHand),
    },
    {
      id: "reserved",
      title: "Reserved",
      isNumber: true,
      cell: ({ reserved }) => formatCount(reserved),
    },
    {
      id: "available",
      title: "Available",
      isNumber: true,
      cell: ({ available }) => <Available count={available} />,
    },
  ];
}

/** None left is said, not only counted. */
export function Available({ count }: { readonly count: number }) {
  return count === 0 ? <StatusChip tone="waiting" word="none left" /> : <b>{formatCount(count)}</b>;
}

function phoneRow(
  { sku, warehouseId, onHand, reserved, available }: StockLevel,
  names: ReadonlyMap<number, string>,
) {
  return {
    first: (
      <>
        <span>
          <span className="mono">{sku}</span> {names.get(sku) ?? ""}
        </span>
        <Available count={available} />
      </>
    ),
    second: (
      <>
        <span>W{String(warehouseId)}</span>
        <span>
          {formatCount(onHand)} on hand, {formatCount(reserved)} reserved
        </span>
      </>
    ),
  };
}

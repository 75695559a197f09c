import type { StockHold } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import type { StockLevel } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { usePathPart, useQueryFields, useTitle } from "../app/navigate.ts";
import { NotFound } from "../app/not-found.tsx";
import { formatCount } from "../format.ts";
import { queryText } from "../query-text.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Skeleton } from "../ui/notice.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { StockLedger } from "./stock-ledger.tsx";
import { Available } from "./stock-page.tsx";
import { useSku } from "./use-stock.ts";
import { warehouseOf } from "./warehouse-field.tsx";
import "./warehouse.css";

const TrendChart = lazy(() => import("./trend-chart.tsx"));

/** One SKU: what there is, who holds it until when, and what happened to it. */
export default function SkuPage() {
  const text = usePathPart("sku");
  const sku = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  const [fields] = useQueryFields();
  const parts = useSku(sku, warehouseOf(fields.warehouse));
  const name = parts.product.data?.product?.name;
  useTitle(name ?? `SKU ${sku}`);
  if (sku === 0) {
    return <NotFound />;
  }
  return (
    <div className="stock-page">
      <p>
        <Link href="/warehouse">‹ Warehouse</Link>
      </p>
      <header className="stock-head">
        <h1>
          <span className="mono copyable">{sku}</span> {name ?? ""}
        </h1>
        <span className="stock-head-space" />
        <Link href={`/warehouse/${sku}/receive${queryText(fields)}`} button="primary">
          Receive stock
        </Link>
      </header>
      <Loaded query={parts.levels} what="The stock">
        {({ stockLevels }) =>
          stockLevels.length === 0 ? (
            <Empty title="No warehouse ever had it">
              <p>It becomes known as soon as some of it is received.</p>
            </Empty>
          ) : (
            <SkuParts sku={sku} levels={stockLevels} warehouse={fields.warehouse ?? ""} parts={parts} />
          )
        }
      </Loaded>
      <Outlet />
    </div>
  );
}

interface SkuPartsProps {
  readonly sku: number;
  readonly levels: readonly StockLevel[];
  readonly warehouse: string;
  readonly parts: ReturnType<typeof useSku>;
}

function SkuParts({ sku, levels, warehouse, parts }: SkuPartsProps) {
  const { holds, movements, trend } = parts;
  return (
    <>
      <Tabs
        label="Of which warehouse"
        tabs={[
          { href: `/warehouse/${sku}`, text: "All warehouses", isCurrent: warehouse === "" },
          ...levels.map(({ warehouseId }) => ({
            href: `/warehouse/${sku}?warehouse=${warehouseId}`,
            text: `W${warehouseId}`,
            isCurrent: warehouse === String(warehouseId),
          })),
        ]}
      />
      <div className="stock-columns">
        <div className="stock-page">
          <Levels levels={levels} warehouse={warehouse} />
          <section className="stock-section" aria-labelledby="stock-holds">
            <h2 id="stock-holds">Who holds it</h2>
            <Loaded query={holds} what="The holds">
              {(answer) => <Holds holds={answer.holds} hasMore={answer.nextPageToken !== ""} />}
            </Loaded>
          </section>
        </div>
        <section className="stock-section" aria-labelledby="stock-trend">
          <h2 id="stock-trend">The last day</h2>
          <Loaded query={trend} what="The last day">
            {({ points }) => (
              <Suspense fallback={<Skeleton rows={5} widths={[100]} />}>
                <TrendChart points={points} />
              </Suspense>
            )}
          </Loaded>
        </section>
      </div>
      <section className="stock-section" aria-labelledby="stock-ledger">
        <h2 id="stock-ledger">Ledger</h2>
        <Loaded query={movements} what="The ledger">
          {({ pages }) => (
            <StockLedger
              movements={pages.flatMap((page) => page.movements)}
              hasMore={movements.hasNextPage}
              isLoading={movements.isFetchingNextPage}
              onMore={() => void movements.fetchNextPage()}
            />
          )}
        </Loaded>
      </section>
    </>
  );
}

interface LevelsProps {
  readonly levels: readonly StockLevel[];
  /** The one that the rest of the page is about; empty: all. */
  readonly warehouse: string;
}

/** What there is in each warehouse: all of them stay in view, for there may be some in another one. */
function Levels({ levels, warehouse }: LevelsProps) {
  const sum = (pick: (level: StockLevel) => number) =>
    levels.reduce((total, level) => total + pick(level), 0);
  return (
    <table className="stock-table stock-levels">
      <caption className="unseen">Stock by warehouse</caption>
      <thead>
        <tr>
          <th scope="col">Warehouse</th>
          <th scope="col" className="number">
            On hand
          </th>
          <th scope="col" className="number">
            Reserved
          </th>
          <th scope="col" className="number">
            Available
          </th>
        </tr>
      </thead>
      <tbody>
        {levels.map(({ warehouseId, onHand, reserved, available }) => (
          <tr
            key={String(warehouseId)}
            className={warehouse === String(warehouseId) ? "stock-level-chosen" : ""}
          >
            <th scope="row">W{String(warehouseId)}</th>
            <td className="number">{formatCount(onHand)}</td>
            <td className="number">{formatCount(reserved)}</td>
            <td className="number">
              <Available count={available} />
            </td>
          </tr>
        ))}
      </tbody>
      {levels.length < 2 ? null : (
        <tfoot>
          <tr>
            <th scope="row">In all</th>
            <td className="number">{formatCount(sum(({ onHand }) => onHand))}</td>
            <td className="number">{formatCount(sum(({ reserved }) => reserved))}</td>
            <td className="number">
              <b>{formatCount(sum(({ available }) => available))}</b>
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

function Holds({ holds, hasMore }: { readonly holds: readonly StockHold[]; readonly hasMore: boolean }) {
  return holds.length === 0 ? (
    <p className="quiet">Nobody: all that is there can be sold.</p>
  ) : (
    <>
      <ul className="stock-holds">
        {holds.map((hold) => (
          <li key={`${hold.orderId} ${hold.reservationId} ${hold.warehouseId}`}>
            <span className="stock-hold-what">
              <b>{formatCount(hold.quantity)}</b> in W{String(hold.warehouseId)}
            </span>
            <Holder hold={hold} />
            <span className="stock-hold-until">
              until <Time value={hold.untilTime} relative={false} />{" "}
              <span className="quiet">
                (<Countdown until={hold.untilTime} over="no time" /> left)
              </span>
            </span>
          </li>
        ))}
      </ul>
      {hasMore ? <p className="quiet">Older holds are not shown.</p> : null}
    </>
  );
}

function Holder({ hold: { orderId, reservationId, userId } }: { readonly hold: StockHold }) {
  return orderId === 0n ? (
    <span>
      Reservation <span className="mono">{String(reservationId)}</span>
    </span>
  ) : (
    <span>
      Order{" "}
      <Link href={`/desk/orders/${orderId}`} className="mono">
        {String(orderId)}
      </Link>{" "}
      <span className="quiet">
        of buyer <span className="mono">{String(userId)}</span>
      </span>
    </span>
  );
}

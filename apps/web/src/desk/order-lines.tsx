import type { ListStockHoldsResponse, StockHold } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import type { Order, OrderLine } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { Payment } from "@ordermesh/proto/ordermesh/payments/v1/payment_pb";
import { holdStateText } from "../desk-words.ts";
import { formatCount, multiplyMoney } from "../format.ts";
import { Link } from "../ui/link.tsx";
import type { QueryState } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { useIsPhone } from "../ui/use-media.ts";

export interface OrderLinesProps {
  readonly order: Order;
  readonly holds: QueryState<ListStockHoldsResponse>;
  readonly payment: Payment | undefined;
}

/** What was bought, what it costs, and in which warehouse it is held. */
export function OrderLines({ order, holds, payment }: OrderLinesProps) {
  const address = order.shippingAddress;
  const isPhone = useIsPhone();
  return (
    <section className="desk-section" aria-labelledby="desk-lines">
      <h2 id="desk-lines">Lines</h2>
      {isPhone ? (
        <ul aria-label="Lines of the order">
          {order.lines.map((line) => (
            <PhoneLine key={line.sku} line={line} order={order} holds={holds.data?.holds} />
          ))}
        </ul>
      ) : (
        <LinesTable order={order} holds={holds.data?.holds} />
      )}
      <Sums order={order} payment={payment} />
      {address === undefined ? null : (
        <p className="quiet">
          Ships to {address.recipient}, {address.lines.join(", ")}, {address.postalCode} {address.city},{" "}
          {address.countryCode}
        </p>
      )}
      {order.shipment === undefined ? null : (
        <p>
          Parcel: {order.shipment.carrier === "" ? "carrier not told" : order.shipment.carrier}{" "}
          <span className="mono copyable">{order.shipment.trackingNumber}</span>
        </p>
      )}
      {order.table === undefined ? null : (
        <p>
          For {order.table.guestNickname === "" ? "a guest" : order.table.guestNickname} at a table of{" "}
          <Link href={`/places/${order.table.locationId}/table/${order.table.sessionId}`}>
            location {String(order.table.locationId)}
          </Link>
          {order.table.note === "" ? "" : `: “${order.table.note}”`}
        </p>
      )}
    </section>
  );
}

interface LinesProps {
  readonly order: Order;
  readonly holds: readonly StockHold[] | undefined;
}

function LinesTable({ order, holds }: LinesProps) {
  return (
    <div className="desk-scroll">
      <table className="ledger">
        <caption className="unseen">Lines of the order</caption>
        <thead>
          <tr>
            <th scope="col">SKU</th>
            <th scope="col">Name</th>
            <th scope="col" className="number">
              Qty
            </th>
            <th scope="col" className="number">
              Price
            </th>
            <th scope="col" className="number">
              Total
            </th>
            <th scope="col">Held where</th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <Line key={line.sku} line={line} order={order} holds={holds} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface LineProps extends LinesProps {
  readonly line: OrderLine;
}

/** What it is, in which state, and what it is made like. */
function LineName({ line, order }: Omit<LineProps, "holds">) {
  const item = order.items.find(({ sku }) => sku === line.sku);
  return (
    <>
      {line.name === "" ? <span className="quiet">no name</span> : line.name}
      {item === undefined || item.stateCode === "" ? null : (
        <span className="quiet mono"> {item.stateCode}</span>
      )}
      {line.attributes
        .filter(({ name }) => name !== "picture")
        .map(({ name, value }) => (
          <span key={name} className="quiet">
            {" "}
            · {name} {value}
          </span>
        ))}
    </>
  );
}

function holdsOf({ line, holds }: LineProps): string {
  return holds === undefined ? "…" : heldWhere(holds.filter(({ sku }) => sku === line.sku));
}

/** What and how much it costs; where it is. */
function PhoneLine(props: LineProps) {
  const { line } = props;
  return (
    <li className="desk-line">
      <span>
        {formatCount(line.quantity)} × <LineName {...props} />
      </span>
      <Money value={multiplyMoney(line.unitPrice, line.quantity)} bare />
      <span className="quiet">
        <Link href={`/warehouse/${line.sku}`} className="mono">
          {line.sku}
        </Link>{" "}
        · {holdsOf(props)}
      </span>
      {line.quantity === 1 ? null : (
        <span className="quiet">
          <Money value={line.unitPrice} bare /> each
        </span>
      )}
    </li>
  );
}

function Line(props: LineProps) {
  const { line } = props;
  return (
    <tr>
      <td className="mono">
        <Link href={`/warehouse/${line.sku}`}>{line.sku}</Link>
      </td>
      <td>
        <LineName {...props} />
      </td>
      <td className="number">{formatCount(line.quantity)}</td>
      <td className="number">
        <Money value={line.unitPrice} bare />
      </td>
      <td className="number">
        <Money value={multiplyMoney(line.unitPrice, line.quantity)} bare />
      </td>
      <td>{holdsOf(props)}</td>
    </tr>
  );
}

/** "W1 2, W2 3 held" or "W1 2 sold". */
export function heldWhere(holds: readonly StockHold[]): string {
  if (holds.length === 0) {
    return "takes no stock";
  }
  const states = [...new Set(holds.map(({ state }) => state))];
  return states
    .map((state) => {
      const where = holds
        .filter((hold) => hold.state === state)
        .map(({ warehouseId, quantity, returned }) =>
          returned === 0
            ? `W${warehouseId} ${formatCount(quantity)}`
            : `W${warehouseId} ${formatCount(quantity)} (${formatCount(returned)} back)`,
        );
      return `${where.join(", ")} ${holdStateText[state]}`;
    })
    .join("; ");
}

function Sums({ order, payment }: { readonly order: Order; readonly payment: Payment | undefined }) {
  const refunded = order.refunded ?? payment?.refunded;
  return (
    <p className="desk-sums">
      <span>
        shipping <Money value={order.shippingFee} bare />
      </span>
      <span>
        total{" "}
        <b>
          <Money value={order.total} />
        </b>
      </span>
      <span>
        captured <Money value={payment?.captured} bare />
      </span>
      <span>
        refunded <Money value={refunded} bare />
      </span>
    </p>
  );
}

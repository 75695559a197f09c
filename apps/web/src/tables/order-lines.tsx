import type { SessionOrder } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import "./parts.css";

/** "2 × Roast pork", with what was said to it. */
export function OrderLines({ order }: { readonly order: SessionOrder }) {
  return (
    <>
      <ul className="ticket-lines">
        {order.lines.map(({ sku, quantity, name, note }) => (
          <li key={sku}>
            <span className="ticket-quantity">{quantity} ×</span>
            <span>
              {name}
              {note === "" ? null : <span className="ticket-note">{note}</span>}
            </span>
          </li>
        ))}
      </ul>
      {order.note === "" ? null : <p className="ticket-note">{order.note}</p>}
    </>
  );
}

import type { StockMovement } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { movementWord } from "../desk-words.ts";
import { formatCount } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { useIsPhone } from "../ui/use-media.ts";
import { signed } from "./signed.ts";

export interface StockLedgerProps {
  readonly movements: readonly StockMovement[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly onMore: () => void;
}

/** What came, was promised, left, and came back: the newest first. */
export function StockLedger({ movements, hasMore, isLoading, onMore }: StockLedgerProps) {
  const isPhone = useIsPhone();
  if (movements.length === 0) {
    return <p className="quiet">Nothing has happened here.</p>;
  }
  return (
    <>
      {isPhone ? (
        <ul aria-label="Ledger, the newest first">
          {movements.map((movement) => (
            <PhoneMovement key={keyOf(movement)} movement={movement} />
          ))}
        </ul>
      ) : (
        <MovementsTable movements={movements} />
      )}
      {hasMore ? (
        <p>
          <Button isPending={isLoading} pendingText="Loading…" onPress={onMore}>
            Older
          </Button>
        </p>
      ) : null}
    </>
  );
}

function MovementsTable({ movements }: Pick<StockLedgerProps, "movements">) {
  return (
    <table className="stock-table">
      <caption className="unseen">Ledger, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Warehouse</th>
          <th scope="col" className="number">
            Quantity
          </th>
          <th scope="col" className="number">
            On hand
          </th>
          <th scope="col" className="number">
            Reserved
          </th>
          <th scope="col">For</th>
        </tr>
      </thead>
      <tbody>
        {movements.map((movement) => (
          <Movement key={keyOf(movement)} movement={movement} />
        ))}
      </tbody>
    </table>
  );
}

function keyOf({ kind, orderId, reservationId, warehouseId, recordedTime, quantity }: StockMovement): string {
  const { seconds = 0n, nanos = 0 } = recordedTime ?? {};
  return [kind, orderId, reservationId, warehouseId, seconds, nanos, quantity].join(" ");
}

interface MovementProps {
  readonly movement: StockMovement;
}

/** What happened and to which order; when, and what it did to the figures. */
function PhoneMovement({ movement }: MovementProps) {
  const { kind, warehouseId, quantity, onHandChange, reservedChange } = movement;
  const changes = [
    onHandChange === 0 ? "" : `${signed(onHandChange)} on hand`,
    reservedChange === 0 ? "" : `${signed(reservedChange)} reserved`,
  ];
  return (
    <li className="stock-movement">
      <span>
        <StatusChip {...movementWord[kind]} /> {formatCount(quantity)} in W{String(warehouseId)}
      </span>
      <For movement={movement} />
      <span className="quiet">
        <Time value={movement.recordedTime} />
      </span>
      <span className="quiet">{changes.filter((text) => text !== "").join(", ")}</span>
    </li>
  );
}

function For({ movement: { orderId, reservationId } }: MovementProps) {
  return orderId !== 0n ? (
    <Link href={`/desk/orders/${orderId}`} className="mono">
      {String(orderId)}
    </Link>
  ) : reservationId !== 0n ? (
    <span className="mono">{String(reservationId)}</span>
  ) : (
    <span className="quiet">–</span>
  );
}

function Movement({ movement }: MovementProps) {
  const { kind, warehouseId, quantity, onHandChange, reservedChange } = movement;
  return (
    <tr>
      <td>
        <Time value={movement.recordedTime} />
      </td>
      <td>
        <StatusChip {...movementWord[kind]} />
      </td>
      <td>W{String(warehouseId)}</td>
      <td className="number">{formatCount(quantity)}</td>
      <td className="number">{signed(onHandChange)}</td>
      <td className="number">{signed(reservedChange)}</td>
      <td>
        <For movement={movement} />
      </td>
    </tr>
  );
}

import type { Timer } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import type { ReactNode } from "react";
import { useQueryFields } from "../app/navigate.ts";
import { deskActionText } from "../desk-words.ts";
import { queryText } from "../query-text.ts";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Link } from "../ui/link.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { isSkippable, timerText } from "./operation-words.ts";
import { OrderLink } from "./order-link.tsx";

/** Enough to tell one timer. */
export interface TimerName {
  readonly orderId?: bigint;
  readonly timer?: string;
  readonly itemSku?: number;
}

export interface TimersTableProps {
  readonly timers: readonly Timer[];
  /** The one that is being run. */
  readonly running: TimerName | undefined;
  readonly onRun: (timer: Timer) => void;
}

export function TimersTable({ timers, running, onRun }: TimersTableProps) {
  const [fields] = useQueryFields();
  const actions = (timer: Timer) => {
    const isRunning =
      running?.orderId === timer.orderId &&
      running.timer === timer.timer &&
      running.itemSku === timer.itemSku;
    return timer.live ? (
      <span className="row-actions">
        <Button
          aria-label={`Run now: ${timerText(timer.timer)} of order ${timer.orderId}`}
          isPending={isRunning}
          pendingText="Running…"
          onPress={() => onRun(timer)}
        >
          Run now
        </Button>
        {isSkippable(timer.timer) ? (
          <Link
            button="plain"
            aria-label={`Skip… ${timerText(timer.timer)} of order ${timer.orderId}`}
            href={`/ops/timers/skip${queryText({
              ...fields,
              of: timer.orderId,
              name: timer.timer,
              sku: timer.itemSku === 0 ? "" : timer.itemSku,
            })}`}
          >
            Skip…
          </Link>
        ) : null}
      </span>
    ) : null;
  };
  return (
    <Table
      caption="Timers"
      isQuiet={({ live }) => !live}
      rows={timers}
      rowKey={keyOf}
      columns={[...columns, { id: "actions", title: "", width: 152, cell: actions }]}
      phone={(timer) => ({
        first: (
          <>
            <span>
              <OrderLink orderId={timer.orderId} /> {timerText(timer.timer)}
            </span>
            <Due timer={timer} />
          </>
        ),
        second: (
          <>
            <span>{deskActionText(timer.action)}</span>
            {actions(timer)}
          </>
        ),
      })}
    />
  );
}

/** An order may have several of one name: of its items, and of steps that are over. */
function keyOf({ orderId, timer, itemSku, step }: Timer): string {
  return `${orderId} ${timer} ${itemSku} ${step}`;
}

function Due({ timer: { live, dueTime } }: { readonly timer: Timer }): ReactNode {
  if (!live) {
    return <span className="quiet">its step is over</span>;
  }
  if (dueTime === undefined) {
    return (
      <span className="due">
        <Glyph name="paused" /> stands still
      </span>
    );
  }
  return (
    <span className="due">
      <Glyph name="clock" /> <Countdown until={dueTime} over="due now" />
    </span>
  );
}

const columns: readonly Column<Timer>[] = [
  { id: "due", title: "Due in", width: 130, cell: (timer) => <Due timer={timer} /> },
  { id: "at", title: "At", width: 150, cell: ({ dueTime }) => <Time value={dueTime} relative={false} /> },
  { id: "order", title: "Order", width: 120, cell: ({ orderId }) => <OrderLink orderId={orderId} /> },
  {
    id: "item",
    title: "Item",
    optional: 2,
    width: 90,
    cell: ({ itemSku }) =>
      itemSku === 0 ? <span className="quiet">–</span> : <span className="mono">{itemSku}</span>,
  },
  { id: "timer", title: "Waits for", cell: ({ timer }) => <span title={timer}>{timerText(timer)}</span> },
  {
    id: "action",
    title: "Then the platform does",
    optional: 3,
    cell: ({ action }) => deskActionText(action),
  },
  { id: "step", title: "Step", optional: 1, width: 70, isNumber: true, cell: ({ step }) => step },
];

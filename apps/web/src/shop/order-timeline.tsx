import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { HistoryEntry } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { formatDuration, momentOf } from "../format.ts";
import { ToneMark } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { refundStatus, shopStatus, stepText, type Tone } from "../words.ts";
import "./order-timeline.css";

/** A pause shorter than this needs no words. */
const gapMs = 60 * 60_000;

/** What is expected next, while an order is under way. */
const expected: Partial<Record<OrderStatus, string>> = {
  [OrderStatus.AWAITING_PAYMENT]: "Payment",
  [OrderStatus.PAID]: "Shipping",
  [OrderStatus.SHIPPED]: "Received by you",
};

/** Step by step, oldest first; a long pause is written, not drawn to scale. */
export function OrderTimeline({
  entries,
  order,
}: {
  readonly entries: readonly HistoryEntry[];
  readonly order: Order;
}) {
  const steps = entries.filter(({ status }) => status !== OrderStatus.NEW);
  const next = order.workflow === "service" ? undefined : expected[order.status];
  return (
    <ol className="timeline">
      {steps.map((entry, index) => (
        <Step
          key={entry.version}
          entry={entry}
          before={steps[index - 1]}
          tone={toneOf(entry, steps.slice(index + 1))}
          item={order.lines.length > 1 ? nameOf(entry.itemSku, order) : ""}
        />
      ))}
      {next === undefined ? null : (
        <li className="step step-expected">
          <span className="tone-mark chip-neutral" aria-hidden="true" />
          <span className="quiet">{next}</span>
        </li>
      )}
    </ol>
  );
}

/** What has happened is done, also if it was only a request; only what a refund waits for now still shows that it waits. */
function toneOf(entry: HistoryEntry, later: readonly HistoryEntry[]): Tone {
  if (entry.refundCode !== "") {
    const isOver = later.some(({ itemSku, refundCode }) => itemSku === entry.itemSku && refundCode !== "");
    return isOver ? "neutral" : refundStatus(entry.refundCode).tone;
  }
  const { tone } = shopStatus(entry.status);
  return tone === "failed" || tone === "closed" ? tone : "done";
}

function nameOf(sku: number, { lines }: Order): string {
  const name = lines.find((line) => line.sku === sku)?.name ?? "";
  return name === "" && sku !== 0 ? `Number ${sku}` : name;
}

interface StepProps {
  readonly entry: HistoryEntry;
  readonly before: HistoryEntry | undefined;
  readonly tone: Tone;
  /** Which of the order's items it is about; empty if there is only one. */
  readonly item: string;
}

function Step({ entry, before, tone, item }: StepProps) {
  const moment = momentOf(entry.changedTime) ?? 0;
  const gap = before === undefined ? 0 : moment - (momentOf(before.changedTime) ?? moment);
  const { parameters } = entry;
  const parcel = [parameters?.carrier ?? "", parameters?.trackingNumber ?? ""]
    .filter((part) => part !== "")
    .join(" ");
  return (
    <>
      {gap > gapMs ? <li className="step-gap quiet">{formatDuration(gap)} later</li> : null}
      <li className="step">
        <ToneMark tone={tone} />
        <span className="step-text">
          {entry.action === "" ? firstStepText(entry) : stepText(entry.action)}
          {item === "" ? null : <span className="quiet"> {item}</span>}
          {parcel === "" ? null : <span className="quiet"> {parcel}</span>}
          {parameters?.reason === undefined || parameters.reason === "" ? null : (
            <span className="step-reason">“{parameters.reason}”</span>
          )}
        </span>
        <span className="step-time quiet">
          <Time value={entry.changedTime} relative={false} />
        </span>
      </li>
    </>
  );
}

function firstStepText({ status }: HistoryEntry): string {
  return status === OrderStatus.FAILED ? "There was not enough of it" : "Ordered, and reserved for you";
}

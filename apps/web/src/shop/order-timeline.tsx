import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { HistoryEntry } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { formatDuration, momentOf } from "../format.ts";
import { ToneMark } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { refundStatus, shopStatus, stepText } from "../words.ts";

/** A pause shorter than this needs no words. */
const gapMs = 60 * 60_000;

/** What is expected next, while an order is under way. */
const expected: Partial<Record<OrderStatus, string>> = {
  [OrderStatus.AWAITING_PAYMENT]: "Payment",
  [OrderStatus.PAID]: "Shipping",
  [OrderStatus.SHIPPED]: "Reception",
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
        <Step key={entry.version} entry={entry} before={steps[index - 1]} />
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

function Step({
  entry,
  before,
}: {
  readonly entry: HistoryEntry;
  readonly before: HistoryEntry | undefined;
}) {
  const moment = momentOf(entry.changedTime) ?? 0;
  const gap = before === undefined ? 0 : moment - (momentOf(before.changedTime) ?? moment);
  const { parameters } = entry;
  const tone = entry.refundCode === "" ? shopStatus(entry.status).tone : refundStatus(entry.refundCode).tone;
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
          {entry.itemSku === 0 ? null : <span className="quiet mono"> {entry.itemSku}</span>}
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

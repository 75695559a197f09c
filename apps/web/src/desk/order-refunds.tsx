import type { Order, RefundSheet } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { refundKindText, refundStatus } from "../words.ts";

/** Every request for a refund, the newest first. */
export function OrderRefunds({ order }: { readonly order: Order }) {
  const refunds = order.items.flatMap((item) => item.refunds).sort(byNewest);
  return refunds.length === 0 ? null : (
    <section className="desk-section" aria-labelledby="desk-refunds">
      <h2 id="desk-refunds">Refunds</h2>
      <ul className="desk-list">
        {refunds.map((refund) => (
          <li key={String(refund.refundId)} className="desk-refund">
            <StatusChip {...refundStatus(refund.stateCode)} code={refund.stateCode} />
            <span>
              {refundKindText[refund.kind]}
              {refund.itemSku === 0 ? null : <span className="mono"> {refund.itemSku}</span>}
            </span>
            <Money value={refund.amount} />
            <span className="quiet">
              <Time value={refund.changedTime} />
            </span>
            <RefundWords refund={refund} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RefundWords({ refund }: { readonly refund: RefundSheet }) {
  const { reason, memo, carrier, trackingNumber, pictureUrls, failureCode } = refund;
  const parcel = [carrier, trackingNumber].filter((part) => part !== "").join(" ");
  return (
    <div className="desk-refund-words">
      {reason === "" ? null : <p>“{reason}”</p>}
      {memo === "" ? null : <p className="quiet">{memo}</p>}
      {parcel === "" ? null : (
        <p>
          Sent back: <span className="mono copyable">{parcel}</span>
        </p>
      )}
      {pictureUrls.map((url) => (
        <p key={url}>
          <a href={url} target="_blank" rel="noopener noreferrer">
            {url}
          </a>
        </p>
      ))}
      {failureCode === "" ? null : (
        <p>
          The money could not be given back: <span className="mono">{failureCode}</span>
        </p>
      )}
    </div>
  );
}

function byNewest(one: RefundSheet, other: RefundSheet): number {
  return one.refundId < other.refundId ? 1 : -1;
}

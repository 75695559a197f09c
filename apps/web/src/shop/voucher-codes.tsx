import type { GetVoucherResponse } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { groupDigits } from "../format.ts";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { voucherCodeStatus } from "../words.ts";
import "./voucher-codes.css";

/** The codes of a service: large, because somebody reads them from a phone across a counter. */
export function VoucherCodes({ voucher }: { readonly voucher: GetVoucherResponse }) {
  const { codes, terms } = voucher;
  return (
    <section className="stack-small" aria-label="Codes">
      <h2>Your codes</h2>
      {codes.length === 0 ? (
        <p className="quiet">You get {terms?.serviceTimes ?? 0} codes as soon as the order is paid.</p>
      ) : (
        <ul className="codes">
          {codes.map(({ number, code, state }) => (
            <li key={number} className="code">
              <span className="quiet">{number}</span>
              <span className="code-digits mono copyable">{groupDigits(code, 5)}</span>
              <StatusChip {...voucherCodeStatus[state]} />
            </li>
          ))}
        </ul>
      )}
      <p className="quiet">
        Good until <Time value={terms?.validUntilTime} />
        {terms?.anytimeRefund === true ? ". What you do not use, you can give back." : "."}
      </p>
    </section>
  );
}

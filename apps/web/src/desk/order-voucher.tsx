import { type GetVoucherResponse, VoucherCodeState } from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { Link } from "../ui/link.tsx";
import { Money } from "../ui/money.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { Time } from "../ui/time.tsx";
import { voucherCodeStatus } from "../words.ts";

/** The codes of a service order, as far as anybody but the buyer may see them. */
export function OrderVoucher({
  voucher: { codes, terms, refundable },
}: {
  readonly voucher: GetVoucherResponse;
}) {
  const used = codes.filter(({ state }) => state === VoucherCodeState.USED).length;
  return (
    <section className="desk-section" aria-labelledby="desk-codes">
      <h2 id="desk-codes">Codes</h2>
      <p>
        {codes.length === 0
          ? `${terms?.serviceTimes ?? 0} codes, made as soon as it is paid.`
          : `${used} of ${codes.length} used.`}{" "}
        Good until <Time value={terms?.validUntilTime} relative={false} />; each is worth{" "}
        <Money value={terms?.unitPrice} />. To be given back: <Money value={refundable} />
        {terms?.anytimeRefund === true ? ", at any time" : ", not on request"}
        {terms?.expirationRefund === true ? ", and when they expire." : ", and not when they expire."}
      </p>
      {codes.length === 0 ? null : (
        <ol className="desk-codes">
          {codes.map(({ number, state, changedTime }) => (
            <li key={number}>
              <span className="mono quiet">{number}</span> <StatusChip {...voucherCodeStatus[state]} />{" "}
              <span className="quiet">
                <Time value={changedTime} relative={false} />
              </span>
            </li>
          ))}
        </ol>
      )}
      <p>
        Only the buyer sees the codes themselves. <Link href="/desk/codes">Take a code</Link>
      </p>
    </section>
  );
}

import type { InvariantCheck } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { formatCount } from "../format.ts";
import { findingParts } from "./finding-parts.ts";
import { OrderLink } from "./order-link.tsx";

/** What does not hold, with the claim that it breaks and the orders that it is about. */
export function Findings({
  checks,
  total,
}: {
  readonly checks: readonly InvariantCheck[];
  readonly total: number;
}) {
  const broken = checks.filter(({ findingsTotal }) => findingsTotal > 0);
  return broken.length === 0 ? null : (
    <section className="operations-part" role="alert" aria-labelledby="findings">
      <h2 id="findings" className="problem-text">
        {formatCount(total)} {total === 1 ? "thing is not as it must be" : "things are not as they must be"}
      </h2>
      {broken.map(({ invariant, claim, findings, findingsTotal }) => (
        <div key={`${invariant} ${claim}`} className="finding-group">
          <h3>
            <span className="mono">{invariant}</span> {claim}
          </h3>
          <ul>
            {findings.map((finding) => (
              <li key={finding} className="finding">
                <Finding text={finding} />
              </li>
            ))}
          </ul>
          {findingsTotal > findings.length ? (
            <p className="quiet">and {formatCount(findingsTotal - findings.length)} more of this kind.</p>
          ) : null}
        </div>
      ))}
    </section>
  );
}

function Finding({ text }: { readonly text: string }) {
  let at = 0;
  return findingParts(text).map((part) => {
    at += 1;
    return "text" in part ? part.text : <OrderLink key={`${at} ${part.orderId}`} orderId={part.orderId} />;
  });
}

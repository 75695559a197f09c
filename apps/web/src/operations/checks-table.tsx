import type { InvariantCheck } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { formatCount } from "../format.ts";
import { StatusChip } from "../ui/status-chip.tsx";
import { useIsPhone } from "../ui/use-media.ts";
import type { StatusWord } from "../words.ts";

/** Every claim that was checked. Claims are sentences: they may take several lines. */
export function ChecksTable({ checks: unordered }: { readonly checks: readonly InvariantCheck[] }) {
  const isPhone = useIsPhone();
  const checks = worstFirst(unordered);
  if (isPhone) {
    return (
      <ul className="checks-list">
        {checks.map((check) => (
          <li key={`${check.invariant} ${check.claim}`} className="check">
            <span className="check-head">
              <span className="mono">{check.invariant}</span>
              <StatusChip {...resultOf(check)} />
              <span className="quiet">{formatCount(check.examined)} checked</span>
            </span>
            {check.claim}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <table className="checks">
      <caption className="unseen">Checks</caption>
      <thead>
        <tr>
          <th scope="col">No.</th>
          <th scope="col">What must hold</th>
          <th scope="col" className="number">
            Checked
          </th>
          <th scope="col">Result</th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <tr key={`${check.invariant} ${check.claim}`}>
            <td className="mono">{check.invariant}</td>
            <td>{check.claim}</td>
            <td className="number">{formatCount(check.examined)}</td>
            <td>
              <StatusChip {...resultOf(check)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What does not hold first; then by the number of the invariant, which services answer in an order of their own. */
function worstFirst(checks: readonly InvariantCheck[]): readonly InvariantCheck[] {
  return checks.toSorted(
    (one, other) =>
      Number(other.findingsTotal > 0) - Number(one.findingsTotal > 0) ||
      one.invariant.localeCompare(other.invariant, "en", { numeric: true }),
  );
}

/** A check that saw nothing has proved nothing. */
function resultOf({ findingsTotal, examined }: InvariantCheck): StatusWord {
  return findingsTotal > 0
    ? { tone: "failed", word: `${formatCount(findingsTotal)} found` }
    : examined === 0n
      ? { tone: "neutral", word: "Nothing to check" }
      : { tone: "done", word: "Holds" };
}

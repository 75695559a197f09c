/** A piece of a finding: text, or the number of an order that can be opened. */
export type FindingPart = { readonly text: string } | { readonly orderId: bigint };

/** "order 9000000377: captured 62.90" → the number of the order is a piece of its own. */
export function findingParts(finding: string): readonly FindingPart[] {
  const parts: FindingPart[] = [];
  let end = 0;
  for (const match of finding.matchAll(/\b(?:order|holder|of) (\d{1,18})\b(?!\.\d)/gi)) {
    const digits = match[1] ?? "";
    const isNamed = /^(order|holder)/i.test(match[0]);
    // "seller_no_response of 1042" is about an order; "captured 5 of 7" is not.
    if (!isNamed && !/[a-z]+_[a-z_]+ of \d+$/.test(finding.slice(0, match.index + match[0].length))) {
      continue;
    }
    const start = match.index + match[0].length - digits.length;
    parts.push({ text: finding.slice(end, start) }, { orderId: BigInt(digits) });
    end = start + digits.length;
  }
  const rest = finding.slice(end);
  return rest === "" ? parts : [...parts, { text: rest }];
}

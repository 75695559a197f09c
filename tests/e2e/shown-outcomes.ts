/*
 * The documents show behind a line of a shell where it leads: "# FS", or "# HS/WR/PPR" for an order, its item and the item's
 * refund. Here such lines get marks around what they print, so that it can be compared.
 */

export interface ShownOutcome {
  readonly line: string;
  readonly shown: string;
}

const shownLine = /^(?<line>\S.*?)\s+# (?<shown>[-A-Z]+(?:\/[-A-Z]+\/[-A-Z]+)?)$/gm;

/** The lines that show an outcome, in their order. */
export function listShownOutcomes(script: string): ShownOutcome[] {
  return [...script.matchAll(shownLine)].map(({ groups }) => ({
    line: groups?.line ?? "",
    shown: groups?.shown ?? "",
  }));
}

/** The script with a mark before and after each line that shows an outcome; what the line complains of is printed as well. */
export function markShownOutcomes(script: string): string {
  return script.replaceAll(shownLine, (_, line: string) => `echo @@begin\n{ ${line}; } 2>&1\necho @@end`);
}

interface Answer {
  readonly stateCode?: string;
  readonly steps?: readonly { readonly itemCode?: string; readonly refundCode?: string }[];
}

/** Where the marked lines led, in the same words; what they printed if that is no answer of an action or a timer. */
export function readOutcomes(stdout: string): string[] {
  return [...stdout.matchAll(/^@@begin\n([\s\S]*?)^@@end$/gm)].map(([, printed = ""]) => outcomeOf(printed));
}

function outcomeOf(printed: string): string {
  let answer: Answer;
  try {
    answer = JSON.parse(printed);
  } catch {
    return printed.trim();
  }
  const { stateCode, steps = [] } = answer;
  const refund = steps.findLast(({ refundCode }) => refundCode)?.refundCode;
  const item = steps.findLast(({ itemCode }) => itemCode)?.itemCode ?? "-";
  return `${stateCode ?? printed.trim()}${refund === undefined ? "" : `/${item}/${refund}`}`;
}

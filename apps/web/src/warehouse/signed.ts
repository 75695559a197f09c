import { formatCount } from "../format.ts";

/** "+5", "−5"; nothing for 0: what did not change is not said. */
export function signed(change: number): string {
  return change === 0 ? "" : change > 0 ? `+${formatCount(change)}` : `−${formatCount(-change)}`;
}

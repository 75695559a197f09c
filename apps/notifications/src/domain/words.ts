/** What is told of a change, before the order itself is added. */
export interface Words {
  /** One line without any text from outside. */
  readonly title: string;
  readonly intro: string;
  readonly outro?: string;
  /** The SKU of the one line that it is about; 0 or absent: the order as a whole. */
  readonly about?: number;
}

/** An order may have a thousand lines. Its buyer finds them all in the order; a message stays readable. */
const linesMax = 50;

/** A paragraph of lines. */
export function listOf(lines: readonly string[]): string {
  const hidden = lines.length - linesMax;
  const shown = hidden > 0 ? [...lines.slice(0, linesMax), `… and ${hidden} more`] : lines;
  return shown.join("\n");
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** "21 November 2025, 12:40:05 UTC". */
export function timeText(time: Date): string {
  const date = `${time.getUTCDate()} ${months[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${date}, ${time.toISOString().slice(11, 19)} UTC`;
}

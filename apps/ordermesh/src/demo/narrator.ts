/** Tells the demo's story on standard output, one line per thing that happened, with its time. */
export interface Narrator {
  /** Begins a chapter. */
  chapter(title: string): void;
  /** Something that the buyer did, and what came of it. */
  step(text: string): void;
  /** Something that happened at a table. */
  table(text: string): void;
  /** An event as a Kafka consumer sees it. */
  event(text: string): void;
  /** A message that the buyer got. */
  notification(text: string): void;
}

/** @param write receives whole lines, with their line break. */
export function createNarrator(write: (text: string) => void): Narrator {
  const line = (sign: string, text: string) =>
    write(`${new Date().toISOString().slice(11, 23)}  ${sign} ${text}\n`);
  return {
    chapter: (title) => write(`\n${title}\n`),
    step: (text) => line("buyer ", text),
    table: (text) => line("table ", text),
    event: (text) => line("kafka ", text),
    notification: (text) => line("notice", text),
  };
}

/** 1299 EUR cents as "12.99 EUR". */
export function amount(
  money: { readonly currencyCode: string; readonly amountMinor: bigint } | undefined,
): string {
  if (money === undefined) {
    return "no price";
  }
  return `${money.amountMinor / 100n}.${`${money.amountMinor % 100n}`.padStart(2, "0")} ${money.currencyCode}`;
}

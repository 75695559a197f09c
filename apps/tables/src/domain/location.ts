/** The words of this service. Ids and amounts are bigint because their wire type is int64. */

/** WGS 84, in degrees. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** One stretch of a week, in the location's own time. */
export interface OpeningHours {
  /** 1: Monday, to 7: Sunday. */
  readonly weekday: number;
  /** "11:30". */
  readonly opens: string;
  /** "24:00" is midnight. Before `opens`: on the next day. */
  readonly closes: string;
}

/** What its owner says about a location: each field is valid by itself. */
export interface LocationDraft {
  readonly name: string;
  readonly description: string;
  readonly address: string;
  readonly position: Position | undefined;
  readonly website: string;
  readonly telephone: string;
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly openingHours: readonly OpeningHours[];
}

export interface Location extends LocationDraft {
  readonly id: bigint;
  readonly ownerUserId: bigint;
  /** ISO 4217. */
  readonly currencyCode: string;
  readonly createdAt: Date;
}

/**
 * A text without the differences that make no difference to people: upper case, forms of one letter, and the amount of
 * space between words.
 */
export function keyOf(text: string): string {
  return text.normalize("NFKC").toLowerCase().normalize("NFKC").replace(/\s+/g, " ").trim();
}

/** The words of a list, each once, in the spelling that comes first. */
export function distinctWords(words: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const word of words) {
    const key = keyOf(word);
    if (key !== "" && !seen.has(key)) {
      seen.set(key, word.trim());
    }
  }
  return [...seen.values()];
}

export function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u001f\u007f]/.test(text);
}

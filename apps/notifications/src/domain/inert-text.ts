/**
 * Characters that do something instead of being read: controls (line ends and terminal escapes among them), line and
 * paragraph separators, and marks that are invisible or turn the direction of writing.
 */
const activeCharacters = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/**
 * Text from outside as one line that is safe in a mail header, a log and a terminal. It is plain text: whoever shows
 * it on a page escapes it like any other text.
 *
 * @param lengthMax in characters as Unicode counts them; what is longer ends in "…".
 */
export function inertText(text: string, lengthMax: number): string {
  const line = text.replace(activeCharacters, " ").replace(/\s+/gu, " ").trim();
  const characters = [...line];
  return characters.length <= lengthMax
    ? line
    : `${characters
        .slice(0, lengthMax - 1)
        .join("")
        .trimEnd()}…`;
}

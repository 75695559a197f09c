/**
 * What guests type: six of 31 letters and digits, without 0 and O, 1, I and L, which are taken for one another. Some 887
 * million codes; with a thousand sessions open, a guess is right once in 887,000 times.
 */
export const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
export const codeLength = 6;

/**
 * A code with at least one letter, because where a code or an id may stand, digits alone are an id.
 *
 * @param draw a random whole number from 0 up to, but not including, its argument.
 */
export function makeCode(draw: (below: number) => number): string {
  for (;;) {
    const letters = Array.from({ length: codeLength }, () => codeAlphabet[draw(codeAlphabet.length)]);
    const code = letters.join("");
    if (!/^\d+$/.test(code)) {
      return code;
    }
  }
}

/** A code as somebody typed it: in any case, with spaces or a hyphen. Undefined for what can be none. */
export function parseCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, "").toUpperCase();
  return code.length === codeLength && [...code].every((letter) => codeAlphabet.includes(letter))
    ? code
    : undefined;
}

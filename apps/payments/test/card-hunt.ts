/** Cards that are used, rightly and wrongly, and then looked for. */
export const cards = {
  good: "4242424242424242",
  declined: "4000000000009995",
  silent: "4000000000000259",
  mistyped: "4242424242424241",
} as const;
/** Of four digits and with an odd look, so that a hit is no accident. */
export const code = "9317";

/** Whether a text holds the code as a word of its own: as a part of a number it would be an accident. */
const hasCode = (text: string) => new RegExp(`(?<![\\w.:])${code}(?![\\w:])`).test(text);

/** @returns which cards are in a text, with the place where it was found. */
export function findSecrets(place: string, text: string): string[] {
  const digits = text.replace(/[ -]/g, "");
  const found = Object.entries(cards).flatMap(([name, number]) => {
    const forms = [
      number,
      Buffer.from(number).toString("hex"),
      Buffer.from(number).toString("base64").slice(0, 20),
    ];
    return forms.some((form) => digits.includes(form)) ? [`${place}: number of the ${name} card`] : [];
  });
  return hasCode(text) ? [...found, `${place}: code`] : found;
}

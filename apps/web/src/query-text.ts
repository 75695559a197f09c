/**
 * The query of an address as plain text fields. Never through JSON: order ids are longer than a floating-point number
 * can hold, and "662E41" is a code, not 66 quintillions. A name that occurs twice keeps its last value; fields that are
 * lists have commas between.
 */
export type QueryFields = Readonly<Record<string, string>>;

/** "?q=lamp" → { q: "lamp" }. */
export function queryObject(text: string): QueryFields {
  return Object.fromEntries(new URLSearchParams(text));
}

/** { q: "lamp" } → "?q=lamp". Empty fields are left out. */
export function queryText(fields: Readonly<Record<string, unknown>>): string {
  const kept = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, String(value)]],
  );
  const text = new URLSearchParams(kept).toString();
  return text === "" ? "" : `?${text}`;
}

/** "PAID,SHIPPED" → ["PAID", "SHIPPED"]. */
export function listOf(field: string | undefined): readonly string[] {
  return (field ?? "").split(",").filter((part) => part !== "");
}

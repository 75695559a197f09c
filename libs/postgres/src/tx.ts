/** What a statement may be given: arrays go as literals (arrayLiteral), times as ISO 8601 text. */
export type Parameter = string | number | bigint | boolean | null | Uint8Array;

/**
 * Sends statements. int8 columns arrive as bigint, timestamps as Date, json as parsed values, arrays as the text that
 * PostgreSQL prints (select them with `to_json` where they are wanted parsed).
 */
export interface Queryable {
  /** Sends one statement, with $1, $2 … as in psql, and waits for its rows. Prepared on first use. */
  query<Row extends object>(statement: string, parameters?: readonly Parameter[]): Promise<Row[]>;
}

/**
 * An open transaction: the required first argument of everything that writes. There is no other way to one than
 * Database.transaction or a pipelined session, so a function that takes a Tx can not run outside of a transaction.
 */
export interface Tx extends Queryable {
  /**
   * Sends one statement without waiting for it, so that the statements of a transaction travel together. The
   * transaction does not commit unless it succeeds.
   */
  execute(statement: string, parameters?: readonly Parameter[]): void;
}

/** The literal of an array of numbers, uuids or hex text: nothing in it ever needs quoting. */
export function arrayLiteral(values: readonly (number | bigint | string | boolean)[]): string {
  return `{${values.join(",")}}`;
}

/** The literal of an array of any text, with null for undefined. */
export function textArrayLiteral(values: readonly (string | undefined)[]): string {
  const quoted = values.map((value) =>
    value === undefined ? "null" : `"${value.replace(/["\\]/g, "\\$&")}"`,
  );
  return `{${quoted.join(",")}}`;
}

/** The literal of an array of bytea values, hex-encoded. */
export function bytesArrayLiteral(values: readonly Uint8Array[]): string {
  return `{${values.map((value) => `"\\\\x${toHex(value)}"`).join(",")}}`;
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

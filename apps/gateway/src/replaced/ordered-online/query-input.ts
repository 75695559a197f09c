import { idOf } from "./json-input.ts";
import { erroneousValue, type Refusal } from "./reasons.ts";

/** An id in a query; undefined if there is none. @throws Refusal `erroneous_value`. */
export function idInQuery(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name) ?? "";
  if (text === "") {
    return undefined;
  }
  const id = idOf(text);
  if (id === undefined) {
    throw erroneousValue();
  }
  return id;
}

/** A decimal number in a query. @throws Refusal `erroneous_value`, also if there is none and none is assumed. */
export function numberInQuery(query: URLSearchParams, name: string, standard?: number): number {
  const text = query.get(name);
  if (text === null && standard !== undefined) {
    return standard;
  }
  const number = Number(text === null || text.trim() === "" ? "none" : text);
  if (!Number.isFinite(number)) {
    throw erroneousValue();
  }
  return number;
}

/** An id in a path. @throws what `notFound` makes for anything else. */
export function idInPath(text: string | undefined, notFound: () => Refusal): bigint {
  const id = idOf(text);
  if (id === undefined) {
    throw notFound();
  }
  return id;
}

import { type FormEvent, useMemo, useState } from "react";
import { failureText } from "../failure-text.ts";

const none: ReadonlySet<string> = new Set();

/** What is wrong with a form's fields. */
export interface Violations {
  /** By the names that fields have here: all that the service told. */
  readonly told: Readonly<Record<string, string>>;
  /** Without the fields that were changed since. */
  readonly left: Readonly<Record<string, string>>;
  readonly onInput: (event: FormEvent) => void;
}

/**
 * The violations of a call's failure. That of a field goes while it is mended, and not when it is left: the button below
 * would move away from under the click. The others stay.
 *
 * @param fieldNames fields that are called otherwise here than in the request.
 */
export function useViolations(error: unknown, fieldNames: Readonly<Record<string, string>>): Violations {
  const [changed, setChanged] = useState({ error, names: none });
  const mended = changed.error === error ? changed.names : none;
  const told = violationsOf(error, fieldNames);
  // The same object as long as nothing of it changed: another one would bring back what was mended.
  const left = useMemo(
    () =>
      Object.fromEntries(
        Object.entries(violationsOf(error, fieldNames)).filter(([field]) => !mended.has(field)),
      ),
    [error, mended],
  );
  return {
    told,
    left,
    onInput({ target }) {
      const { name } = target as HTMLInputElement;
      if (name in left) {
        setChanged({ error, names: new Set([...mended, name]) });
      }
    },
  };
}

function violationsOf(
  error: unknown,
  fieldNames: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const violations = error === undefined || error === null ? {} : failureText(error).violations;
  return Object.fromEntries(
    Object.entries(violations).map(([field, text]) => [fieldNames[field] ?? field, text]),
  );
}

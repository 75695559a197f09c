import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Form as AriaForm } from "react-aria-components/Form";
import { failureText } from "../failure-text.ts";
import { randomText } from "../random-text.ts";
import { Failure } from "./failure.tsx";
import { useViolations } from "./use-violations.ts";
import "./form.css";

/** What was typed, by field name. */
export type FormValues = Readonly<Record<string, string>>;

/**
 * The name of one intent, for calls that take one. It stays the same while the same form is tried again, and is another
 * one after `renew`: after a success, or once something was changed.
 */
export function useIntentKey(): { readonly key: () => string; readonly renew: () => void } {
  const key = useRef<string>(undefined);
  return {
    key: () => {
      key.current ??= randomText();
      return key.current;
    },
    renew: () => {
      key.current = undefined;
    },
  };
}

export interface FormProps {
  readonly children: ReactNode;
  /** Sends it. Not called again while the former call is under way. */
  readonly onSubmit: (values: FormValues) => Promise<unknown> | undefined;
  /** What the call answered, if it failed. Violations go to their fields, the rest above the form. */
  readonly error?: unknown;
  readonly onEdit?: () => void;
  /** Fields that are called otherwise here than in the request: { "card.number": "number" }. */
  readonly fieldNames?: Readonly<Record<string, string>>;
  readonly className?: string;
}

/** A form whose fields are checked by the service: it has the rules. */
export function Form({ children, onSubmit, error, onEdit, fieldNames = {}, className }: FormProps) {
  const underWay = useRef(false);
  const clicks = useRef(0);
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const elements = Array.from(form.current?.elements ?? []);
    setNames(new Set(elements.map((element) => element.getAttribute("name") ?? "")));
    if (error !== undefined && error !== null) {
      const target = form.current?.querySelector<HTMLElement>("[role=alert], [aria-invalid=true]");
      target?.focus();
    }
  }, [error]);

  const violations = useViolations(error, fieldNames);
  // React's own event, which its types leave out here: what follows is drawn after the field has taken the letter.
  const onInput = {
    onInput(event: FormEvent) {
      violations.onInput(event);
      onEdit?.();
    },
  };
  const failure = error === undefined || error === null ? undefined : failureText(error);
  const told = Object.entries(violations.told);
  const elsewhere = told.filter(([field]) => !names.has(field));
  const hasOwn = told.length > elsewhere.length;
  return (
    <AriaForm
      ref={form}
      className={`form ${className ?? ""}`}
      validationErrors={violations.left}
      {...onInput}
      onClickCapture={({ detail }) => {
        // Before the submit that follows from it. A press of Enter counts as no click.
        clicks.current = detail;
      }}
      onSubmit={(event) => {
        event.preventDefault();
        // The second click of a double click is the same wish, also if the first was answered already.
        if (underWay.current || clicks.current > 1) {
          return;
        }
        underWay.current = true;
        const values = Object.fromEntries(
          [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
        );
        // Whoever calls shows the failure: here it only matters that it is over.
        Promise.resolve(onSubmit(values)).then(
          () => {
            underWay.current = false;
          },
          () => {
            underWay.current = false;
          },
        );
      }}
    >
      {failure === undefined || (hasOwn && elsewhere.length === 0) ? null : (
        <Failure error={error} alsoWrong={elsewhere.map(([field, text]) => `${field}: ${text}`)} />
      )}
      {children}
    </AriaForm>
  );
}

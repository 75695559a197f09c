import type { ComponentProps, ReactNode } from "react";
import { FieldError, Input, Label, Text, TextArea, TextField } from "react-aria-components/TextField";
import "./field.css";

export interface FieldProps {
  readonly label: ReactNode;
  /** The path of the field in the request, as the contract names it: violations find their field by it. */
  readonly name: string;
  readonly hint?: ReactNode;
  readonly type?: "text" | "password" | "search" | "email" | "url" | "tel";
  readonly lines?: number;
  readonly defaultValue?: string;
  readonly value?: string;
  readonly onChange?: (value: string) => void;
  readonly isRequired?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly inputMode?: ComponentProps<"input">["inputMode"];
  readonly autoComplete?: string;
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  /** About how many letters it holds. */
  readonly width?: number;
  readonly isReadOnly?: boolean;
  /** What is wrong with it, where the page itself can tell. */
  readonly problem?: string;
  /** Fields and buttons that belong to it, right of it. */
  readonly after?: ReactNode;
}

/** A label, what is typed, a hint, and what is wrong with it. */
export function Field({ label, hint, lines, placeholder, width, after, problem, ...props }: FieldProps) {
  const size = width === undefined ? {} : { style: { width: `calc(${width}ch + 26px)` } };
  return (
    <TextField
      {...props}
      className="field"
      // Only told: the next try finds out whether it still is one.
      {...(problem !== undefined && { isInvalid: true, validationBehavior: "aria" as const })}
    >
      <Label className="field-label">
        {label}
        {props.isRequired === true || props.type === "search" ? (
          ""
        ) : (
          <span className="field-optional"> optional</span>
        )}
      </Label>
      <span className="field-row">
        {lines === undefined ? (
          <Input className="field-input" {...(placeholder !== undefined && { placeholder })} {...size} />
        ) : (
          <TextArea
            className="field-input"
            rows={lines}
            {...(placeholder !== undefined && { placeholder })}
          />
        )}
        {after}
      </span>
      {hint === undefined ? null : (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <FieldError className="field-error">{problem}</FieldError>
    </TextField>
  );
}

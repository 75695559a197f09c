import { type ReactNode, useId } from "react";
import "./field.css";

export interface SelectProps {
  readonly label: ReactNode;
  readonly name: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly value?: string;
  readonly defaultValue?: string;
  readonly onChange?: (value: string) => void;
  readonly isRequired?: boolean;
  /** Said to screen readers only: where the options tell what they are. */
  readonly hideLabel?: boolean;
}

/** The platform's own list: on a phone it is the wheel that everybody knows. */
export function Select({ label, options, onChange, isRequired, hideLabel = false, ...props }: SelectProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel ? "unseen" : "field-label"}>
        {label}
      </label>
      <select
        {...props}
        id={id}
        className="field-input"
        {...(isRequired === true && { required: true })}
        {...(onChange !== undefined && { onChange: (event) => onChange(event.currentTarget.value) })}
      >
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export interface ChoicesProps {
  readonly legend: ReactNode;
  readonly name: string;
  readonly options: readonly {
    readonly value: string;
    readonly text: ReactNode;
    readonly hint?: ReactNode;
  }[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A few choices of which one holds, all of them to be seen. */
export function Choices({ legend, name, options, value, onChange }: ChoicesProps) {
  return (
    <fieldset className="choice-group">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="choice">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
          />
          <span>
            {option.text}
            {option.hint === undefined ? null : <span className="field-hint"> {option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

import { useEffect, useId, useState } from "react";
import { Button } from "../ui/button.tsx";
import "./stepper.css";

/** As the contract has it. */
export const quantityMax = 1_000_000;

export interface StepperProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

/** A number that is mostly small: typed, or taken up and down. */
export function Stepper({ label, value, min, max, onChange }: StepperProps) {
  const id = useId();
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  function settle(): void {
    const typed = /^\d{1,7}$/.test(text.trim()) ? Number(text) : value;
    const next = Math.min(max, Math.max(min, typed));
    setText(String(next));
    if (next !== value) {
      onChange(next);
    }
  }
  return (
    <span className="stepper">
      <Button
        repeats
        aria-label={`${label}: one less`}
        isDisabled={value <= min}
        onPress={() => onChange(value - 1)}
      >
        −
      </Button>
      <label htmlFor={id} className="unseen">
        {label}
      </label>
      <input
        id={id}
        className="field-input"
        inputMode="numeric"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            settle();
          }
        }}
      />
      <Button
        repeats
        aria-label={`${label}: one more`}
        isDisabled={value >= max}
        onPress={() => onChange(value + 1)}
      >
        +
      </Button>
    </span>
  );
}

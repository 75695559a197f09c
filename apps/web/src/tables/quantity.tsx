import { Button } from "../ui/button.tsx";
import { quantityMax } from "./draft.ts";
import "./parts.css";

export interface QuantityProps {
  readonly name: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** "+", and once there is one, "− 1 +" in its place. */
export function Quantity({ name, value, onChange }: QuantityProps) {
  return (
    <span className="quantity">
      {value === 0 ? null : (
        <>
          <Button repeats aria-label={`One ${name} less`} onPress={() => onChange(value - 1)}>
            −
          </Button>
          <output className="quantity-value" aria-label={`Quantity of ${name}`}>
            {value}
          </output>
        </>
      )}
      <Button
        repeats
        aria-label={value === 0 ? `Add ${name}` : `One ${name} more`}
        isDisabled={value >= quantityMax}
        onPress={() => onChange(value + 1)}
      >
        +
      </Button>
    </span>
  );
}

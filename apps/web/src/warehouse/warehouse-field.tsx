import { useId } from "react";

/** The warehouse that the address names; 0 for all of them. */
export function warehouseOf(text: string | undefined): bigint {
  return /^\d{1,18}$/.test(text ?? "") ? BigInt(text ?? "0") : 0n;
}

export interface WarehouseFieldProps {
  readonly value: string;
  readonly onChange: (value: string | undefined) => void;
}

/** Which warehouse, by its number; empty: all. */
export function WarehouseField({ value, onChange }: WarehouseFieldProps) {
  const id = useId();
  return (
    <span className="stock-warehouse">
      <label htmlFor={id} className="quiet">
        Warehouse
      </label>
      <input
        id={id}
        className="field-input"
        inputMode="numeric"
        placeholder="all"
        maxLength={18}
        defaultValue={value}
        key={value}
        onBlur={(event) => onChange(event.currentTarget.value.replace(/\D/g, "") || undefined)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            onChange(event.currentTarget.value.replace(/\D/g, "") || undefined);
          }
        }}
      />
    </span>
  );
}

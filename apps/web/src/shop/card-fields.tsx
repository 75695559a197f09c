import { useState } from "react";
import { useAppConfig } from "../app/app-config.ts";
import { groupDigits } from "../format.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";

/** The sandbox's cards: what each of them does. */
const testCards = [
  { value: "4242424242424242", text: "succeeds" },
  { value: "4000000000009995", text: "declined: not enough money" },
  { value: "4000000000000002", text: "declined by the bank" },
  { value: "4000000000000077", text: "slow, then succeeds" },
  { value: "4000000000000101", text: "slow, then declined" },
  { value: "4000000000000341", text: "answers twice" },
] as const;

/** The paths of the contract, and what the fields are called here. */
export const cardFieldNames = {
  "card.number": "number",
  "card.expiry_month": "expiry",
  "card.expiry_year": "expiry",
  "card.code": "code",
} as const;

export interface CardInput {
  readonly number: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  readonly code: string;
}

/** "4/30" and "0430" are April 2030. What can not be read is left to the service to refuse. */
export function cardOf(values: Readonly<Record<string, string>>): CardInput {
  const [, month = "0", year = "0"] =
    /^\s*(\d{1,2})\s*\/?\s*(?:20)?(\d{2})\s*$/.exec(values.expiry ?? "") ?? [];
  return {
    number: values.number ?? "",
    expiryMonth: Number(month),
    expiryYear: 2000 + Number(year),
    code: values.code ?? "",
  };
}

export function CardFields() {
  const isDemo = useAppConfig()?.demo !== undefined;
  const [number, setNumber] = useState("");
  const [expiry, setExpiry] = useState("");
  const [code, setCode] = useState("");
  return (
    <>
      <Field
        label="Card number"
        name="number"
        value={number}
        onChange={(text) => setNumber(groupDigits(text).slice(0, 23))}
        isRequired
        inputMode="numeric"
        autoComplete="cc-number"
        minLength={14}
        maxLength={23}
      />
      <div className="form-row">
        <Field
          label="Valid until"
          name="expiry"
          value={expiry}
          onChange={setExpiry}
          isRequired
          inputMode="numeric"
          autoComplete="cc-exp"
          placeholder="MM/YY"
          pattern="\s*\d{1,2}\s*/?\s*(20)?\d{2}\s*"
          maxLength={9}
        />
        <Field
          label="Security code"
          name="code"
          value={code}
          onChange={setCode}
          isRequired
          inputMode="numeric"
          autoComplete="cc-csc"
          minLength={3}
          maxLength={4}
        />
      </div>
      {isDemo ? (
        <Select
          label="Test cards: this shop takes no real money"
          name="test-card"
          value=""
          options={[{ value: "", text: "Fill in a card that …" }, ...testCards]}
          onChange={(card) => {
            setNumber(groupDigits(card));
            setExpiry("12/30");
            setCode("123");
          }}
        />
      ) : null}
    </>
  );
}

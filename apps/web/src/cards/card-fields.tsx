import { CardSchema } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useState } from "react";
import { useAppConfig } from "../app/app-config.ts";
import { limitsOf } from "../field-limits.ts";
import { groupDigits } from "../format.ts";
import type { MessageInput } from "../message-input.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";

/** The sandbox's cards: what each of them does. */
const testCards = [
  { value: "4242424242424242", text: "Good card" },
  { value: "4000000000009995", text: "Declined: not enough money on it" },
  { value: "4000000000000002", text: "Declined by the bank" },
  { value: "4000000000000077", text: "Slow, then good" },
  { value: "4000000000000101", text: "Slow, then declined" },
  { value: "4000000000000341", text: "Good, but the bank answers twice" },
] as const;

/** The paths of the contract, and what the fields are called here. */
export const cardFieldNames = {
  "card.number": "number",
  "card.expiry_month": "expiry",
  "card.expiry_year": "expiry",
  "card.code": "code",
} as const;

export type CardInput = MessageInput<typeof CardSchema>;

const numberLimits = limitsOf(CardSchema, "number");

/** "4/30" and "0430" are April 2030. What cannot be read is left to the service to refuse. */
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
      {isDemo ? (
        <Select
          label="No real money is taken here. Fill in a test card:"
          name="test-card"
          value={testCards.find(({ value }) => groupDigits(value) === number)?.value ?? ""}
          options={[{ value: "", text: "Choose one" }, ...testCards]}
          onChange={(card) => {
            setNumber(groupDigits(card));
            setExpiry(card === "" ? "" : "12/30");
            setCode(card === "" ? "" : "123");
          }}
        />
      ) : null}
      <Field
        label="Card number"
        name="number"
        value={number}
        onChange={(text) => setNumber(groupDigits(text).slice(0, numberLimits.maxLength))}
        inputMode="numeric"
        autoComplete="cc-number"
        {...numberLimits}
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
          inputMode="numeric"
          autoComplete="cc-csc"
          {...limitsOf(CardSchema, "code")}
        />
      </div>
    </>
  );
}

import type { Order, OrderLine } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { ActionParametersSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useState } from "react";
import { amountLimits, limitsOf } from "../field-limits.ts";
import { decimalOf, minorDigits, multiplyMoney } from "../format.ts";
import { Field } from "../ui/field.tsx";
import { Choices } from "../ui/select.tsx";
import { currencyOf } from "./action-parameters.ts";

const limits = (path: string) => limitsOf(ActionParametersSchema, path);

export interface ActionFieldsProps {
  /** Fields that the action reads, by the contract's names. */
  readonly reads: readonly string[];
  readonly required: readonly string[];
  readonly order: Order;
  /** The item that it is about. */
  readonly line: OrderLine | undefined;
  /** The field in which something was typed that is no amount. */
  readonly badField: string;
}

/** The fields of an action: those that it reads, and what every action takes. */
export function ActionFields({ reads, required, order, line, badField }: ActionFieldsProps) {
  const currency = currencyOf(order);
  const example = decimalOf(1250n, minorDigits(currency === "" ? "EUR" : currency));
  const problemOf = (name: string) =>
    badField === `parameters.${name}` ? { problem: `Write an amount such as ${example}.` } : {};
  const amountOf = (amountMinor: bigint | undefined) =>
    amountMinor === undefined ? "" : decimalOf(amountMinor, minorDigits(currency));
  const has = (name: string) => reads.includes(name);
  return (
    <>
      {has("carrier") ? (
        <div className="form-row">
          <Field label="Carrier" name="parameters.carrier" {...limits("carrier")} placeholder="DHL" />
          <Field label="Tracking number" name="parameters.tracking_number" {...limits("tracking_number")} />
        </div>
      ) : null}
      {has("refund_kind") ? <RefundKindField /> : null}
      {has("refund_amount") && currency !== "" ? (
        <Field
          label={`Amount, in ${currency}`}
          name="parameters.refund_amount"
          inputMode="decimal"
          width={14}
          {...amountLimits()}
          defaultValue={amountOf(multiplyMoney(line?.unitPrice, line?.quantity ?? 0)?.amountMinor)}
          hint="Left empty: all that was paid for it."
          {...problemOf("refund_amount")}
        />
      ) : null}
      {has("shipping_fee") ? (
        <Field
          label={`Shipping fee, in ${currency}`}
          name="parameters.shipping_fee"
          isRequired={required.includes("shipping_fee")}
          inputMode="decimal"
          width={14}
          {...amountLimits()}
          defaultValue={amountOf(order.shippingFee?.amountMinor)}
          {...problemOf("shipping_fee")}
        />
      ) : null}
      {has("shipping_address") ? <AddressFields order={order} /> : null}
      {has("picture_urls") ? (
        <Field
          label="Links to pictures"
          name="parameters.picture_urls"
          lines={2}
          {...limits("picture_urls")}
          hint="One a line, https://…"
        />
      ) : null}
      <Field label="Reason" name="parameters.reason" {...limits("reason")} hint="Kept in the history." />
      <Field label="Memo for the other side" name="parameters.memo" lines={2} {...limits("memo")} />
    </>
  );
}

function RefundKindField() {
  const [kind, setKind] = useState("keep");
  return (
    <Choices
      legend="The goods"
      name="parameters.refund_kind"
      value={kind}
      onChange={setKind}
      options={[
        { value: "keep", text: "The buyer keeps them" },
        { value: "return", text: "The buyer sends them back" },
      ]}
    />
  );
}

function AddressFields({ order: { shippingAddress } }: { readonly order: Order }) {
  const field = (name: string) => ({
    name: `parameters.shipping_address.${name}`,
    ...limits(`shipping_address.${name}`),
  });
  return (
    <fieldset className="desk-address">
      <legend>Shipping address</legend>
      <Field label="Recipient" {...field("recipient")} defaultValue={shippingAddress?.recipient ?? ""} />
      <Field
        label="Street and number"
        {...field("lines")}
        lines={2}
        defaultValue={shippingAddress?.lines.join("\n") ?? ""}
      />
      <div className="form-row">
        <Field
          label="Postal code"
          {...field("postal_code")}
          width={8}
          defaultValue={shippingAddress?.postalCode ?? ""}
        />
        <Field label="City" {...field("city")} defaultValue={shippingAddress?.city ?? ""} />
        <Field
          label="Country"
          {...field("country_code")}
          width={4}
          hint="DE"
          defaultValue={shippingAddress?.countryCode ?? ""}
        />
      </div>
      <Field label="Phone" {...field("phone")} type="tel" defaultValue={shippingAddress?.phone ?? ""} />
    </fieldset>
  );
}

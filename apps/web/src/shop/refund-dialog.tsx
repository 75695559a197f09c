import { useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { OrderLine } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { ActionParametersSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useState } from "react";
import { useGoBackTo, usePathId, usePathPart, useQueryFields } from "../app/navigate.ts";
import { amountLimits, limitsOf } from "../field-limits.ts";
import { decimalOf, formatMoney, minorDigits, multiplyMoney } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form, type FormValues } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Choices } from "../ui/select.tsx";
import { allowedOf } from "./allowed.ts";
import { refundRequest } from "./refund-request.ts";
import { useBuyerAction } from "./use-order.ts";

/** One form that names the money, the goods and what comes next. SKU 0 stands for the whole of a service order. */
export default function RefundDialog() {
  const orderId = usePathId("orderId");
  const sku = Number(usePathPart("sku")) || 0;
  const [{ change }] = useQueryFields();
  const page = `/orders/${orderId}`;
  const order = useQuery(LomsService.method.getOrder, { orderId });
  const line = order.data?.order?.lines.find((each) => each.sku === sku);
  return (
    <RouteDialog title={change === undefined ? "Ask for a refund" : "Change the request"} page={page}>
      <Loaded query={order} what="The order">
        {() => <RefundForm orderId={orderId} line={line} page={page} isChange={change !== undefined} />}
      </Loaded>
    </RouteDialog>
  );
}

interface RefundFormProps {
  readonly orderId: bigint;
  readonly line: OrderLine | undefined;
  readonly page: string;
  readonly isChange: boolean;
}

function RefundForm({ orderId, line, page, isChange }: RefundFormProps) {
  const allowed = allowedOf(useQuery(LomsService.method.listAllowedActions, { orderId }).data);
  const mayReturn = isChange || allowed.may("request refund with return", line?.sku);
  const [withReturn, setWithReturn] = useState("no");
  const action = useBuyerAction(orderId);
  const close = useGoBackTo(page);
  const whole = multiplyMoney(line?.unitPrice, line?.quantity ?? 0);
  const currency = whole?.currencyCode ?? "EUR";
  const wholeText = decimalOf(whole?.amountMinor ?? 0n, minorDigits(currency));
  const [isNoAmount, setNoAmount] = useState(false);

  async function send({ amount = "", reason = "" }: FormValues): Promise<void> {
    const request = refundRequest({ line, amount, reason, withReturn: withReturn === "yes", isChange });
    setNoAmount(request === undefined);
    if (request !== undefined) {
      await action.take(request);
      close();
    }
  }

  return (
    <Form
      error={action.error}
      onEdit={() => {
        setNoAmount(false);
        action.onEdit();
      }}
      fieldNames={{ "parameters.refund_amount": "amount", "parameters.reason": "reason" }}
      onSubmit={send}
    >
      <WhatFor line={line} cost={formatMoney(whole)} />
      {mayReturn ? (
        <Choices
          legend="The goods"
          name="with-return"
          value={withReturn}
          onChange={setWithReturn}
          options={[
            { value: "no", text: "I keep them", hint: "the money comes when the seller agrees" },
            { value: "yes", text: "I send them back", hint: "the money comes when they are there" },
          ]}
        />
      ) : null}
      {whole === undefined ? null : (
        <Field
          label={`How much, in ${currency}`}
          name="amount"
          isRequired
          inputMode="decimal"
          defaultValue={wholeText}
          {...amountLimits()}
          width={14}
          hint="All of it, or a part."
          {...(isNoAmount && { problem: `Write an amount such as ${wholeText}.` })}
        />
      )}
      <Field label="What is wrong" name="reason" lines={3} {...limitsOf(ActionParametersSchema, "reason")} />
      <p className="quiet">
        The seller answers next. You see the answer on the order, and can withdraw until then.
      </p>
      <div className="form-actions">
        <Button type="submit" kind="primary" isPending={action.isPending} pendingText="Asking…">
          {isChange ? "Ask again" : "Ask for it"}
        </Button>
        <Button onPress={close}>Not now</Button>
      </div>
    </Form>
  );
}

function WhatFor({ line, cost }: { readonly line: OrderLine | undefined; readonly cost: string }) {
  return line === undefined ? (
    <p>What you have not used goes back to your card. From now on the codes cannot be used.</p>
  ) : (
    <p>
      For <b>{line.name === "" ? `number ${line.sku}` : line.name}</b>, which cost {cost}.
    </p>
  );
}

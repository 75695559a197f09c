import { useMutation } from "@connectrpc/connect-query";
import { LomsService, StockReceiptSchema } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { useState } from "react";
import { useGoBackTo, usePathPart, useQueryFields } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { queryText } from "../query-text.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form, type FormValues, useIntentKey } from "../ui/form.tsx";
import { useStockReader } from "./use-stock.ts";

/** What was typed for one of the numbers: undefined if it is none that fits. */
function wholeNumber(text: string | undefined): bigint | undefined {
  return /^\d{1,18}$/.test((text ?? "").trim()) ? BigInt((text ?? "").trim()) : undefined;
}

/** Goods have arrived: they are counted once, however often the button is pressed. */
export default function ReceiveDialog() {
  const pathSku = usePathPart("sku");
  const [fields] = useQueryFields();
  const page =
    pathSku === "" ? `/warehouse${queryText(fields)}` : `/warehouse/${pathSku}${queryText(fields)}`;
  const close = useGoBackTo(page);
  const { key, renew } = useIntentKey();
  const read = useStockReader();
  const [problems, setProblems] = useState<ReadonlySet<string>>(new Set());
  const receive = useMutation(LomsService.method.receiveStock, {
    onSuccess: () => {
      renew();
      return read();
    },
  });

  async function send(values: FormValues): Promise<void> {
    const [sku, warehouseId, quantity] = ["sku", "warehouse_id", "quantity"].map((name) =>
      wholeNumber(values[name]),
    );
    const wrong = ["sku", "warehouse_id", "quantity"].filter(
      (name) => wholeNumber(values[name]) === undefined,
    );
    setProblems(new Set(wrong));
    if (sku === undefined || warehouseId === undefined || quantity === undefined) {
      return;
    }
    await receive.mutateAsync({
      idempotencyKey: key(),
      receipts: [{ sku: Number(sku), warehouseId, quantity: Number(quantity) }],
    });
    close();
  }

  return (
    <RouteDialog title="Receive stock" page={page}>
      <Form
        error={receive.error}
        onEdit={() => {
          renew();
          setProblems(new Set());
        }}
        onSubmit={send}
        fieldNames={{
          "receipts[0].sku": "sku",
          "receipts[0].warehouse_id": "warehouse_id",
          "receipts[0].quantity": "quantity",
        }}
      >
        <ReceiveFields sku={pathSku} warehouse={fields.warehouse ?? "1"} problems={problems} />
        <p className="quiet">A SKU or a warehouse that was not known becomes known by this.</p>
        <div className="form-actions">
          <Button type="submit" kind="primary" isPending={receive.isPending} pendingText="Receiving…">
            Receive
          </Button>
          <Button onPress={close}>Not now</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}

interface ReceiveFieldsProps {
  /** Of the page; empty if it is about none. */
  readonly sku: string;
  readonly warehouse: string;
  /** Fields in which something was typed that is no number. */
  readonly problems: ReadonlySet<string>;
}

function ReceiveFields({ sku, warehouse, problems }: ReceiveFieldsProps) {
  const problem = (name: string) => (problems.has(name) ? { problem: "Write a whole number." } : {});
  return (
    <div className="form-row">
      <Field
        label="SKU"
        name="sku"
        {...limitsOf(StockReceiptSchema, "sku")}
        autoFocus={sku === ""}
        inputMode="numeric"
        width={12}
        defaultValue={sku}
        {...problem("sku")}
      />
      <Field
        label="Warehouse"
        name="warehouse_id"
        {...limitsOf(StockReceiptSchema, "warehouse_id")}
        inputMode="numeric"
        width={8}
        defaultValue={warehouse}
        {...problem("warehouse_id")}
      />
      <Field
        label="Quantity"
        name="quantity"
        {...limitsOf(StockReceiptSchema, "quantity")}
        autoFocus={sku !== ""}
        inputMode="numeric"
        width={8}
        {...problem("quantity")}
      />
    </div>
  );
}

import { ActionParametersSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useGoBackTo, usePathId, usePathPart } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { useBuyerAction } from "./use-order.ts";

export default function ReturnDialog() {
  const orderId = usePathId("orderId");
  const itemSku = Number(usePathPart("sku")) || 0;
  const page = `/orders/${orderId}`;
  const action = useBuyerAction(orderId);
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="How did you send it back?" page={page}>
      <Form
        error={action.error}
        onEdit={action.onEdit}
        fieldNames={{ "parameters.carrier": "carrier", "parameters.tracking_number": "tracking_number" }}
        onSubmit={async ({ carrier = "", tracking_number: trackingNumber = "" }) => {
          await action.take({ action: "ship back", itemSku, parameters: { carrier, trackingNumber } });
          close();
        }}
      >
        <Field label="Carrier" name="carrier" isRequired {...limitsOf(ActionParametersSchema, "carrier")} />
        <Field
          label="Parcel number"
          name="tracking_number"
          isRequired
          {...limitsOf(ActionParametersSchema, "tracking_number")}
        />
        <p className="quiet">The seller checks what arrives, and the money goes back to your card.</p>
        <div className="form-actions">
          <Button type="submit" kind="primary" isPending={action.isPending} pendingText="Sending…">
            It is on its way
          </Button>
          <Button onPress={close}>Not now</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}

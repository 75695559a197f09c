import { ActionParametersSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { useBuyerAction } from "./use-order.ts";

export default function CancelDialog() {
  const orderId = usePathId("orderId");
  const page = `/orders/${orderId}`;
  const action = useBuyerAction(orderId);
  const close = useGoBackTo(page);
  return (
    <RouteDialog title={`Cancel order ${orderId}?`} page={page}>
      <p>Your items go back to the shelf. Nothing was charged. This cannot be undone.</p>
      <Form
        error={action.error}
        onEdit={action.onEdit}
        fieldNames={{ "parameters.reason": "reason" }}
        onSubmit={async ({ reason = "" }) => {
          await action.take({ action: "cancel order", parameters: { reason } });
          close();
        }}
      >
        <Field label="Why" name="reason" {...limitsOf(ActionParametersSchema, "reason")} />
        <div className="form-actions">
          <Button type="submit" kind="danger-solid" isPending={action.isPending} pendingText="Canceling…">
            Cancel the order
          </Button>
          <Button onPress={close}>Keep it</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}

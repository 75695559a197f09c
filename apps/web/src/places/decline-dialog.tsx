import { ActOnOrderRequestSchema, TableAction } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useLocation } from "@tanstack/react-router";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { linesText } from "../tables/order-steps.ts";
import { guestName } from "../tables/session-changes.ts";
import { useOrderStep } from "../tables/use-order-step.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";

/** Declines an order, from the kitchen's page or from the table's. */
export default function DeclineDialog() {
  const sessionId = usePathId("sessionId");
  const orderId = usePathId("orderId");
  const { pathname } = useLocation();
  const page = pathname.slice(0, pathname.lastIndexOf("/decline/"));
  const query = useSessionPicture(sessionId);
  const step = useOrderStep();
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Decline the order" page={page}>
      <Loaded query={query} what="The order">
        {({ session }) => {
          const order = session?.orders.find((each) => each.orderId === orderId);
          return (
            <Form
              error={step.error}
              onSubmit={async ({ reason = "" }) => {
                await step.mutateAsync({ sessionId, orderId, action: TableAction.DECLINE, reason });
                close();
              }}
            >
              {order === undefined || session === undefined ? null : (
                <p>
                  {linesText(order)}, for {guestName(session, order.guestId)} at {session.name}. They see why.
                </p>
              )}
              <Field
                label="Why"
                name="reason"
                {...limitsOf(ActOnOrderRequestSchema, "reason")}
                isRequired
                autoFocus
              />
              <div className="form-actions">
                <Button type="submit" kind="danger-solid" isPending={step.isPending} pendingText="Declining…">
                  Decline the order
                </Button>
                <Button onPress={close}>Not now</Button>
              </div>
            </Form>
          );
        }}
      </Loaded>
    </RouteDialog>
  );
}

import { useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { CardFields, cardFieldNames, cardOf } from "../cards/card-fields.tsx";
import { formatMoney } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { OrderDeclined } from "./order-declined.tsx";
import { useOrderReader } from "./use-order.ts";
import { usePayment } from "./use-payment.ts";

/** Pays an order that was placed before. */
export default function PayDialog() {
  const orderId = usePathId("orderId");
  const page = `/orders/${orderId}`;
  const { data } = useQuery(LomsService.method.getOrder, { orderId });
  const payment = usePayment();
  const readOrder = useOrderReader();
  const close = useGoBackTo(page);
  const declined =
    payment.data?.outcome === PayOutcome.DECLINED && !payment.isPending ? payment.data : undefined;
  return (
    <RouteDialog title={`Pay order ${orderId}`} page={page}>
      <Form
        fieldNames={cardFieldNames}
        error={payment.error}
        onSubmit={async (values) => {
          const { outcome } = await payment.mutateAsync({
            orderId: async () => orderId,
            card: cardOf(values),
          });
          void readOrder();
          if (outcome !== PayOutcome.DECLINED) {
            close();
          }
        }}
      >
        <CardFields />
        {declined === undefined ? null : <OrderDeclined answer={declined} />}
        <Button type="submit" kind="primary" wide isPending={payment.isPending} pendingText="Paying…">
          Pay {formatMoney(data?.order?.total)}
        </Button>
      </Form>
    </RouteDialog>
  );
}

import { useMutation } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { SkipTimerRequestSchema } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useGoBackTo, useQueryFields } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { queryText } from "../query-text.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form, type FormValues } from "../ui/form.tsx";
import { timerText } from "./operation-words.ts";

/** A timer that is gone does not come back: so it is asked once more, and why. */
export default function SkipTimerDialog() {
  const [{ of = "", name = "", sku = "", ...filters }] = useQueryFields();
  const page = `/ops/timers${queryText(filters)}`;
  const readAnew = useReadAnew([LomsService.method.listTimers, LomsService.method.getHistory]);
  const skip = useMutation(LomsService.method.skipTimer, { onSettled: readAnew });
  const close = useGoBackTo(page);

  async function send({ reason = "" }: FormValues): Promise<void> {
    const orderId = /^\d{1,18}$/.test(of) ? BigInt(of) : 0n;
    await skip.mutateAsync({ orderId, timer: name, itemSku: Number(sku) || 0, reason });
    close();
  }

  return (
    <RouteDialog title="Skip this timer?" page={page}>
      <p>
        <b>{timerText(name)}</b> of order <span className="mono">{of}</span>
        {sku === "" ? "" : `, item ${sku}`} will never fire. The order stays where it is until somebody acts
        on it.
      </p>
      <Form error={skip.error} onSubmit={send}>
        <Field
          label="Why"
          name="reason"
          lines={2}
          {...limitsOf(SkipTimerRequestSchema, "reason")}
          hint="Kept in the order’s history."
          autoFocus
        />
        <div className="form-actions">
          <Button type="submit" kind="danger-solid" isPending={skip.isPending} pendingText="Skipping…">
            Skip it for good
          </Button>
          <Button onPress={close}>Keep it</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}

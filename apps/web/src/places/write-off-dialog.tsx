import { useMutation } from "@connectrpc/connect-query";
import { SettlementKind } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { SettleShareRequestSchema, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { formatMoney } from "../format.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { useTablesReader } from "../tables/use-tables-reader.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";

/** Nobody pays this share: the guests have left, or the house invited them. */
export default function WriteOffDialog() {
  const sessionId = usePathId("sessionId");
  const shareId = usePathId("shareId");
  const page = `/places/${usePathId("locationId")}/table/${sessionId}`;
  const { data } = useSessionPicture(sessionId);
  const share = data?.session?.bills.flatMap(({ shares }) => shares).find((each) => each.shareId === shareId);
  const read = useTablesReader();
  const settling = useMutation(TablesService.method.settleShare, { onSuccess: read });
  const close = useGoBackTo(page);
  return (
    <RouteDialog title="Write it off" page={page}>
      <Form
        error={settling.error}
        onSubmit={async ({ memo = "" }) => {
          await settling.mutateAsync({ sessionId, shareId, kind: SettlementKind.WRITTEN_OFF, memo });
          close();
        }}
      >
        <p>
          {share === undefined ? "This share" : formatMoney(share.amount)} counts as settled, and no money
          comes in. This cannot be taken back.
        </p>
        <Field
          label="Why"
          name="memo"
          isRequired
          {...limitsOf(SettleShareRequestSchema, "memo")}
          autoFocus
          hint="“Left without paying”, “on the house”. It stays with the bill."
        />
        <div className="form-actions">
          <Button type="submit" kind="danger-solid" isPending={settling.isPending} pendingText="Writing off…">
            Write off
          </Button>
          <Button onPress={close}>Not now</Button>
        </div>
      </Form>
    </RouteDialog>
  );
}

import { useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { WorkflowCause, type WorkflowRow } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useState } from "react";
import { useGoBackTo, usePathId, usePathPart, useQueryFields } from "../app/navigate.ts";
import { deskActionText } from "../desk-words.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Form, type FormValues } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Notice } from "../ui/notice.tsx";
import { useOrderAction } from "../use-order-action.ts";
import { roleText } from "../words.ts";
import { ActionFields } from "./action-fields.tsx";
import { currencyOf, isBadAmount, parametersOf } from "./action-parameters.ts";
import { type BoxRole, isDestructive, rowsOfSlug, stateName } from "./role-boxes.ts";
import { useDeskReader, useOrderWorkflow } from "./use-desk-order.ts";

/** One action: what it is given, and what comes of it. */
export default function ActionDialog() {
  const orderId = usePathId("orderId");
  const slug = usePathPart("action");
  const [{ role = "S", item = "0" }] = useQueryFields();
  const page = `/desk/orders/${orderId}`;
  const order = useQuery(LomsService.method.getOrder, { orderId });
  const workflow = useOrderWorkflow(orderId);
  const rows = rowsOfSlug(workflow.data?.workflow, slug);
  const row = rows.find((each) => each.role === role) ?? rows[0];
  return (
    <RouteDialog title={row === undefined ? "Action" : deskActionText(row.action)} page={page}>
      <Loaded query={workflow} what="The workflow">
        {() => (
          <Loaded query={order} what="The order">
            {(answer) =>
              row === undefined || answer.order === undefined ? (
                <Empty title={`This workflow has no action “${slug.replaceAll("-", " ")}”`} />
              ) : (
                <ActionForm
                  order={answer.order}
                  row={row}
                  role={role as BoxRole}
                  itemSku={Number(item) || 0}
                  page={page}
                />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </RouteDialog>
  );
}

interface ActionFormProps {
  readonly order: Order;
  readonly row: WorkflowRow;
  readonly role: BoxRole;
  readonly itemSku: number;
  readonly page: string;
}

function ActionForm({ order, row, role, itemSku, page }: ActionFormProps) {
  const { orderId } = order;
  const { action, parameters: reads, requiredParameters } = row;
  const mutation = useOrderAction(orderId, useDeskReader());
  const close = useGoBackTo(page);
  const [badField, setBadField] = useState("");
  const line = order.lines.find(({ sku }) => sku === itemSku);
  const currencyCode = currencyOf(order);

  async function send(values: FormValues): Promise<void> {
    const parameters = parametersOf(values, reads, currencyCode);
    setBadField(isBadAmount(parameters) ? parameters.field : "");
    if (!isBadAmount(parameters)) {
      await mutation.take({ role, action, itemSku, parameters });
      close();
    }
  }

  const isDanger = isDestructive(action);
  return (
    <Form error={mutation.error} onEdit={mutation.onEdit} onSubmit={send}>
      <p>
        As the {roleText[role] ?? role}
        {row.cause === WorkflowCause.INPUT ? ", in the place of the system that would tell it" : ""}
        {line === undefined ? "" : `, for ${line.name === "" ? line.sku : line.name}`}.{" "}
        <Verdict orderId={orderId} role={role} action={action} itemSku={itemSku} />
      </p>
      <ActionFields
        reads={reads}
        required={requiredParameters}
        order={order}
        line={line}
        badField={badField}
      />
      <div className="form-actions">
        <Button
          type="submit"
          kind={isDanger ? "danger-solid" : "primary"}
          isPending={mutation.isPending}
          pendingText="Under way…"
        >
          {deskActionText(action)}
        </Button>
        <Button onPress={close}>Not now</Button>
      </div>
    </Form>
  );
}

/** Where it leads, or why it is not possible any more, as the service says now. */
function Verdict(asked: {
  readonly orderId: bigint;
  readonly role: BoxRole;
  readonly action: string;
  readonly itemSku: number;
}) {
  const { data } = useQuery(LomsService.method.explain, asked);
  const machines = useOrderWorkflow(asked.orderId).data?.workflow?.machines ?? [];
  if (data === undefined) {
    return null;
  }
  if (!data.allowed) {
    return <Notice tone="waiting">{data.text}</Notice>;
  }
  const machine = machines.find(({ states }) => states.some(({ code }) => code === data.leadsTo));
  return machine === undefined ? null : (
    <>
      Then it is <b>{stateName(machine, data.leadsTo)}</b> <span className="mono quiet">{data.leadsTo}</span>.
    </>
  );
}

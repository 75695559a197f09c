import { useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { ExplainResponse, WorkflowRow } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { usePathId, usePathPart, useQueryFields } from "../app/navigate.ts";
import { deskActionText } from "../desk-words.ts";
import { RouteDialog } from "../ui/dialog.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Countdown, Time } from "../ui/time.tsx";
import { roleText } from "../words.ts";
import { guardText, rowsOfSlug, stateName } from "./role-boxes.ts";
import { useOrderWorkflow } from "./use-desk-order.ts";

/** Why an action is refused now, who may take it, and when. */
export default function ExplainDialog() {
  const orderId = usePathId("orderId");
  const slug = usePathPart("action");
  const [{ role = "", item = "0" }] = useQueryFields();
  const workflow = useOrderWorkflow(orderId);
  const rows = rowsOfSlug(workflow.data?.workflow, slug);
  const action = rows[0]?.action ?? slug.replaceAll("-", " ");
  const query = useQuery(
    LomsService.method.explain,
    { orderId, role, action, itemSku: Number(item) || 0 },
    { enabled: orderId > 0n && workflow.data !== undefined },
  );
  const machines = workflow.data?.workflow?.machines ?? [];
  const machineOf = (row: WorkflowRow) => machines.find((machine) => machine.rows.includes(row));
  const places = rows.flatMap((row) => {
    const machine = machineOf(row);
    return row.role !== role || machine === undefined
      ? []
      : row.fromCodes.map((code) => ({ code, text: `${stateName(machine, code)}` }));
  });
  return (
    <RouteDialog title={`${deskActionText(action)}: why not?`} page={`/desk/orders/${orderId}`}>
      <Loaded query={query} what="The explanation">
        {(explained) => (
          <Explanation
            explained={explained}
            state={
              machines.flatMap(({ states }) => states).find(({ code }) => code === explained.stateCode)?.name
            }
            places={places}
          />
        )}
      </Loaded>
    </RouteDialog>
  );
}

function Explanation({
  explained,
  state = "",
  places,
}: {
  readonly explained: ExplainResponse;
  /** What the code of its state means. */
  readonly state: string | undefined;
  readonly places: readonly { readonly code: string; readonly text: string }[];
}) {
  const { text, reason, stateCode, guard, whoMay, untilTime, allowed } = explained;
  const states = [...new Map(places.map((place) => [place.code, place])).values()];
  return (
    <div className="desk-page">
      <p className="desk-explained">{text}</p>
      <dl className="desk-facts">
        <Fact name="Code">
          <span className="mono">{allowed ? "ALLOWED" : reason}</span>
        </Fact>
        <Fact name="It stands at">
          {state} <span className="mono quiet">{stateCode}</span>
        </Fact>
        {guard === "" ? null : <Fact name="Condition">{guardText(guard)}</Fact>}
        {states.length === 0 ? null : (
          <Fact name="Possible when">
            {states.map(({ code, text: name }, index) => (
              <span key={code}>
                {index === 0 ? "" : ", "}
                {name} <span className="mono quiet">{code}</span>
              </span>
            ))}
          </Fact>
        )}
        <Fact name="Who may now">
          {whoMay.length === 0
            ? "nobody"
            : [...new Set(whoMay.map((role) => roleText[role] ?? role))].join(", ")}
        </Fact>
        {untilTime === undefined ? null : (
          <Fact name="Next by the clock">
            <Time value={untilTime} relative={false} />, in <Countdown until={untilTime} over="a moment" />
          </Fact>
        )}
      </dl>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

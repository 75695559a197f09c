import type { Order } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import type { HistoryEntry, Workflow, WorkflowMachine } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useState } from "react";
import { deskActionText } from "../desk-words.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { useIsPhone } from "../ui/use-media.ts";
import { DiagramDrawing } from "./diagram-drawing.tsx";
import { type Graph, graphOf, itemWay, wayOf } from "./diagram-graph.ts";
import { stateName, subjectsOf } from "./role-boxes.ts";
import "./workflow-diagram.css";

interface WorkflowDiagramProps {
  readonly order: Order;
  readonly workflow: Workflow;
  readonly entries: readonly HistoryEntry[];
}

interface Shown {
  readonly id: string;
  readonly text: string;
  readonly machine: WorkflowMachine;
  readonly way: readonly string[];
}

/** The workflow with the way that was taken and where it stands; on a phone, and to be heard, as a list. */
export default function WorkflowDiagram({ order, workflow, entries }: WorkflowDiagramProps) {
  const [chosen, setChosen] = useState("order");
  const [isWhole, setWhole] = useState(false);
  const isPhone = useIsPhone();
  const all = shownOf(order, workflow, entries);
  const shown = all.find(({ id }) => id === chosen) ?? all[0];
  if (shown === undefined) {
    return null;
  }
  const graph = graphOf(shown.machine, shown.way, isWhole);
  return (
    <section className="desk-section desk-workflow" aria-labelledby="desk-workflow">
      <div className="desk-head">
        <h2 id="desk-workflow">
          Workflow {workflow.name} v{workflow.version}
        </h2>
        {all.length < 2 ? null : (
          <fieldset className="desk-switch">
            <legend className="unseen">Of what</legend>
            {all.map(({ id, text }) => (
              <Button
                key={id}
                kind={id === shown.id ? "plain" : "quiet"}
                aria-pressed={id === shown.id}
                onPress={() => setChosen(id)}
              >
                {text}
              </Button>
            ))}
          </fieldset>
        )}
        <span className="desk-head-space" />
        <Button kind="quiet" aria-pressed={isWhole} onPress={() => setWhole(!isWhole)}>
          {isWhole ? "Show the way only" : "Show all of it"}
        </Button>
        <CopyButton kind="quiet" text={shown.machine.mermaid} what="Mermaid text">
          Copy Mermaid
        </CopyButton>
      </div>
      {isPhone ? (
        <WayList shown={shown} graph={graph} />
      ) : (
        <>
          <DiagramDrawing graph={graph} label={labelOf(shown)} />
          <p className="quiet desk-legend">
            <span className="legend-taken" /> taken, numbered <span className="legend-possible" /> possible
            next{" "}
            {isWhole ? (
              <>
                <span className="legend-other" /> not from here{" "}
              </>
            ) : null}
            · ↻ stays where it is · the same in words: the history above
          </p>
        </>
      )}
    </section>
  );
}

function shownOf(order: Order, workflow: Workflow, entries: readonly HistoryEntry[]): readonly Shown[] {
  const refundIds = new Map(
    order.items.map((item) => [item.sku, item.refunds.at(-1)?.refundId ?? 0n] as const),
  );
  return subjectsOf(order, workflow).map((subject, index) => {
    const { machine, itemSku } = subject;
    const refundId =
      refundIds.get(itemSku) || order.items.map((item) => item.refunds.at(-1)?.refundId ?? 0n).at(-1) || 0n;
    const isItem = machine.name === "item";
    return {
      id: index === 0 ? "order" : `${machine.name} ${itemSku} ${index}`,
      text:
        machine.name === "order"
          ? "Order"
          : isItem
            ? `Item ${itemSku}`
            : `Refund${itemSku === 0 ? "" : ` ${itemSku}`}`,
      machine,
      way: isItem ? itemWay(entries, itemSku) : wayOf(entries, machine.name, refundId),
    };
  });
}

function labelOf({ machine, way, text }: Shown): string {
  const current = stateName(machine, way.at(-1) ?? "");
  return `${text}: ${way.map((code) => (code === "" ? "new" : stateName(machine, code))).join(", then ")}. It is ${current} now.`;
}

function WayList({ shown, graph }: { readonly shown: Shown; readonly graph: Graph }) {
  const { machine, way } = shown;
  const possible = graph.edges.filter(({ look }) => look === "possible");
  return (
    <>
      <ol className="desk-way">
        {way.map((code, index) => (
          // A way may come to a state twice, and only grows at its end.
          <li key={index} {...(index === way.length - 1 && { "aria-current": "step" })}>
            {code === "" ? "new" : stateName(machine, code)} <span className="mono quiet">{code}</span>
          </li>
        ))}
      </ol>
      {possible.length === 0 ? null : (
        <p className="quiet">
          From here:{" "}
          {possible
            .map(({ to, actions }) => `${stateName(machine, to)} (${actions.map(deskActionText).join(", ")})`)
            .join("; ")}
        </p>
      )}
    </>
  );
}

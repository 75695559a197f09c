import type { HistoryEntry, WorkflowMachine } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { stateName } from "./role-boxes.ts";

export interface GraphNode {
  readonly code: string;
  readonly name: string;
  readonly look: "taken" | "current" | "possible" | "other";
  /** Actions that lead back to where they came from. */
  readonly loops: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly actions: readonly string[];
  readonly look: "taken" | "possible" | "other";
  /** Which steps of the way went along it: 1, 2, 3 … */
  readonly numbers: readonly number[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The states that something went through, from its beginning on: each as often as it came there. */
export function wayOf(entries: readonly HistoryEntry[], machine: string, refundId = 0n): readonly string[] {
  const codes = entries.flatMap((entry) => {
    if (machine === "order") {
      return [entry.stateCode];
    }
    return refundId !== 0n && entry.refundId === refundId ? [entry.refundCode] : [];
  });
  const moves = codes.filter((code, index) => code !== codes[index - 1]);
  return moves[0] === "" ? moves : ["", ...moves];
}

/** Where else a refund of something may be found, of an item its own states. */
export function itemWay(entries: readonly HistoryEntry[], sku: number): readonly string[] {
  const codes = entries.filter(({ itemSku }) => itemSku === sku).map(({ itemCode }) => itemCode);
  return ["", ...codes.filter((code, index) => code !== "" && code !== codes[index - 1])];
}

/**
 * A machine as a drawing shows it.
 *
 * @param way as wayOf tells it.
 * @param isWhole with everything that there is; else the way, and where it may go from here.
 */
export function graphOf(machine: WorkflowMachine, way: readonly string[], isWhole: boolean): Graph {
  const current = way.at(-1) ?? "";
  const taken = new Map<string, number[]>();
  for (const [index, to] of way.entries()) {
    if (index > 0) {
      const key = keyOf(way[index - 1] ?? "", to);
      taken.set(key, [...(taken.get(key) ?? []), index]);
    }
  }
  const moves = new Map<string, { from: string; to: string; actions: Set<string> }>();
  const loops = new Map<string, Set<string>>();
  for (const row of machine.rows) {
    for (const from of row.fromCodes) {
      if (from === row.toCode) {
        loops.set(from, new Set(loops.get(from)).add(row.action));
      } else {
        const key = keyOf(from, row.toCode);
        const move = moves.get(key) ?? { from, to: row.toCode, actions: new Set<string>() };
        move.actions.add(row.action);
        moves.set(key, move);
      }
    }
  }
  // A step that an older definition knew is still a part of the way.
  for (const key of taken.keys()) {
    const [from = "", to = ""] = key.split(">");
    moves.set(key, moves.get(key) ?? { from, to, actions: new Set() });
  }
  const edges = [...moves].map(([key, { from, to, actions }]): GraphEdge => {
    const numbers = taken.get(key) ?? [];
    const look = numbers.length > 0 ? "taken" : from === current ? "possible" : "other";
    return { from, to, actions: [...actions], look, numbers };
  });
  const shownEdges = isWhole ? edges : edges.filter(({ look }) => look !== "other");
  const codes = new Set([...way, ...shownEdges.flatMap(({ from, to }) => [from, to])]);
  const all = isWhole ? new Set([...codes, ...machine.states.map(({ code }) => code)]) : codes;
  return {
    edges: shownEdges,
    nodes: [...all].map((code) => ({
      code,
      name: code === "" ? "new" : stateName(machine, code),
      look:
        code === current
          ? "current"
          : way.includes(code)
            ? "taken"
            : shownEdges.some(({ look, to }) => look === "possible" && to === code)
              ? "possible"
              : "other",
      loops: [...(loops.get(code) ?? [])],
    })),
  };
}

function keyOf(from: string, to: string): string {
  return `${from}>${to}`;
}

import { Graph as LayoutGraph, layout } from "@dagrejs/dagre";
import { useEffect, useMemo, useRef } from "react";
import { deskActionText } from "../desk-words.ts";
import type { Graph, GraphEdge, GraphNode } from "./diagram-graph.ts";

const nodeHeight = 40;
/** Of the names, and of the smaller letters of actions. */
const letterWidth = 6.8;
const smallLetterWidth = 5.9;
const lineHeight = 14;
const margin = 8;
/** Below this the letters could not be read. */
const smallestScale = 0.86;

interface PlacedNode extends GraphNode {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface PlacedEdge extends GraphEdge {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: { readonly x: number; readonly y: number } | undefined;
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** What stands at an edge: its numbers, and the actions that go along it. */
function edgeText({ actions, numbers }: GraphEdge): readonly string[] {
  const shown = actions.slice(0, 2).map(deskActionText);
  const rest = actions.length - shown.length;
  const lines = rest === 0 ? shown : [...shown, `and ${rest} more`];
  return numbers.length === 0 ? lines : [numbers.join(", "), ...lines];
}

function widthOf(lines: readonly string[], perLetter: number): number {
  return Math.max(0, ...lines.map((line) => line.length)) * perLetter;
}

function loopText(action: string): string {
  return `↻ ${deskActionText(action)}`;
}

function placed(graph: Graph): Drawing {
  const plan = new LayoutGraph({ multigraph: false });
  plan.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 26, edgesep: 12, marginx: margin, marginy: margin });
  plan.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) {
    const nameWidth = widthOf([node.name], letterWidth);
    plan.setNode(idOf(node.code), {
      width: Math.max(64, nameWidth + 20, widthOf(node.loops.map(loopText), smallLetterWidth) + 20),
      height: nodeHeight + node.loops.length * lineHeight,
    });
  }
  for (const edge of graph.edges) {
    const lines = edgeText(edge);
    plan.setEdge(idOf(edge.from), idOf(edge.to), {
      width: widthOf(lines, smallLetterWidth),
      height: lines.length * lineHeight,
      labelpos: "c",
    });
  }
  layout(plan);
  const { width = 0, height = 0 } = plan.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: graph.nodes.map((node) => ({ ...node, ...(plan.node(idOf(node.code)) as PlacedNode) })),
    edges: graph.edges.map((edge) => {
      const {
        points = [],
        x,
        y,
      } = plan.edge(idOf(edge.from), idOf(edge.to)) as {
        points?: { x: number; y: number }[];
        x?: number;
        y?: number;
      };
      return { ...edge, points, label: x === undefined || y === undefined ? undefined : { x, y } };
    }),
  };
}

/** The new order has no code, and a node needs a name. */
function idOf(code: string): string {
  return `s:${code}`;
}

export interface DiagramDrawingProps {
  readonly graph: Graph;
  /** The same in words. */
  readonly label: string;
}

/** A drawing of states and moves, laid out from left to right. */
export function DiagramDrawing({ graph, label }: DiagramDrawingProps) {
  const shape = JSON.stringify(graph);
  // The same graph comes as a new object with every answer.
  const { width, height, nodes, edges } = useMemo(() => placed(graph), [shape]);
  const place = useRef<HTMLElement>(null);
  const currentX = nodes.find(({ look }) => look === "current")?.x ?? 0;
  useEffect(() => {
    // Where it stands and what may come next is what one looks for; the way there is told by the history too.
    const shownWidth = place.current?.clientWidth ?? 0;
    place.current?.scrollTo({ left: currentX - shownWidth / 3 });
  }, [currentX, width]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section ref={place} className="desk-diagram" tabIndex={0} aria-label="Drawing of the workflow">
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${width} ${height}`}
        // A little smaller where that is enough to show all of it; else it scrolls.
        style={{ width, minWidth: width * smallestScale }}
      >
        <defs>
          {(["taken", "possible", "other"] as const).map((look) => (
            <marker
              key={look}
              id={`desk-arrow-${look}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              markerUnits="userSpaceOnUse"
              orient="auto-start-reverse"
            >
              <path d="M0 0 8 4 0 8Z" className={`diagram-arrow diagram-${look}`} />
            </marker>
          ))}
        </defs>
        {edges.map((edge) => (
          <Edge key={`${edge.from}>${edge.to}`} edge={edge} />
        ))}
        {nodes.map((node) => (
          <Node key={idOf(node.code)} node={node} />
        ))}
      </svg>
    </section>
  );
}

function Edge({ edge }: { readonly edge: PlacedEdge }) {
  const { points, look, label } = edge;
  const lines = edgeText(edge);
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join(" ");
  return (
    <g className={`diagram-edge diagram-${look}`}>
      <path d={path} markerEnd={`url(#desk-arrow-${look})`} />
      {label === undefined ? null : (
        <text x={label.x} y={label.y - ((lines.length - 1) * lineHeight) / 2} textAnchor="middle">
          {lines.map((line, index) => (
            <tspan
              key={line}
              x={label.x}
              dy={lineStep(index, edge.numbers.length > 0)}
              {...(index === 0 && edge.numbers.length > 0 && { className: "diagram-number" })}
            >
              {line}
            </tspan>
          ))}
        </text>
      )}
    </g>
  );
}

/** Numbers stand above the line, which is thick where it was taken; actions below it. */
function lineStep(index: number, hasNumbers: boolean): number {
  if (index === 0) {
    return hasNumbers ? 1 : 4;
  }
  return hasNumbers && index === 1 ? lineHeight + 3 : lineHeight;
}

function Node({ node }: { readonly node: PlacedNode }) {
  const { x, y, width, height, look, code, name, loops } = node;
  const left = x - width / 2;
  const top = y - height / 2;
  return (
    <g className={`diagram-node diagram-node-${look}`}>
      <rect x={left} y={top} width={width} height={height} rx={3} />
      {look === "current" ? (
        <rect
          x={left + 3}
          y={top + 3}
          width={width - 6}
          height={height - 6}
          rx={2}
          className="diagram-inner"
        />
      ) : null}
      <text x={x} y={top + 17} textAnchor="middle" className="diagram-name">
        {name}
      </text>
      <text x={x} y={top + 31} textAnchor="middle" className="diagram-code">
        {code === "" ? "·" : code}
      </text>
      {loops.map((loop, index) => (
        <text
          key={loop}
          x={x}
          y={top + nodeHeight + 4 + index * lineHeight}
          textAnchor="middle"
          className="diagram-loop"
        >
          {loopText(loop)}
        </text>
      ))}
    </g>
  );
}

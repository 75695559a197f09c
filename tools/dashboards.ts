import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { orderPathSections, services } from "./dashboards/own-sections.ts";
import type { Panel, Section } from "./dashboards/panel.ts";
import { serviceSections } from "./dashboards/service-sections.ts";

/** Makes the Grafana dashboards. Run `tsx tools/dashboards.ts` after a change; a test compares the committed files. */

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Which alerts are drawn into the graphs, as a PromQL label matcher. */
  readonly alerts: string;
  /** The job whose instances can be chosen among; none where the dashboard is about several services. */
  readonly job?: string;
  readonly sections: readonly Section[];
}

const dashboards: readonly Dashboard[] = [
  {
    uid: "ordermesh-order-path",
    title: "Ordermesh: the order's path",
    description: "From the purchase over stock, outbox and Kafka to the notification.",
    alerts: 'service=~".+"',
    sections: orderPathSections(),
  },
  ...services.map((service) => ({
    uid: `ordermesh-${service}`,
    title: `Ordermesh: ${service}`,
    description: `What ${service} is asked, what it asks of others, and how it fares.`,
    alerts: `service="${service}"`,
    job: service,
    sections: serviceSections(service),
  })),
];

/** The files' texts by their names. */
export function renderDashboards(): ReadonlyMap<string, string> {
  return new Map(
    dashboards.map((dashboard) => [
      `${dashboard.uid.replace("ordermesh-", "")}.json`,
      `${JSON.stringify(modelOf(dashboard), null, 2)}\n`,
    ]),
  );
}

/** As deploy/grafana/provisioning names it. */
const datasource = { type: "prometheus", uid: "prometheus" };

function modelOf({ uid, title, description, alerts, job, sections }: Dashboard) {
  return {
    uid,
    title,
    description,
    tags: ["ordermesh"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    timezone: "utc",
    refresh: "10s",
    time: { from: "now-30m", to: "now" },
    links: [
      { type: "dashboards", title: "Ordermesh", tags: ["ordermesh"], asDropdown: true, keepTime: true },
    ],
    templating: { list: job === undefined ? [] : [instanceVariable(job)] },
    annotations: { list: [alertAnnotation(alerts)] },
    panels: panelsOf(sections),
  };
}

function instanceVariable(job: string) {
  return {
    name: "instance",
    label: "Instance",
    type: "query",
    datasource,
    query: { query: `label_values(up{job="${job}"}, instance)`, refId: "instance" },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: ["All"], value: ["$__all"] },
  };
}

function alertAnnotation(matcher: string) {
  return {
    name: "Alerts",
    datasource,
    enable: true,
    iconColor: "red",
    expr: `ALERTS{alertstate="firing", ${matcher}}`,
    step: "10s",
    titleFormat: "{{alertname}}",
    textFormat: "{{service}}",
  };
}

const columns = 3;
const panelWidth = 24 / columns;
const panelHeight = 8;

/** Lays sections out below each other, with a heading each and their panels in rows of three. */
function panelsOf(sections: readonly Section[]) {
  const panels: object[] = [];
  let top = 0;
  for (const section of sections) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: section.title,
      collapsed: false,
      gridPos: { x: 0, y: top, w: 24, h: 1 },
      panels: [],
    });
    top += 1;
    for (const [index, panel] of section.panels.entries()) {
      const row = Math.floor(index / columns);
      const gridPos = {
        x: (index % columns) * panelWidth,
        y: top + row * panelHeight,
        w: panelWidth,
        h: panelHeight,
      };
      panels.push(panelModel(panel, panels.length + 1, gridPos));
    }
    top += Math.ceil(section.panels.length / columns) * panelHeight;
  }
  return panels;
}

function panelModel(panel: Panel, id: number, gridPos: object) {
  const { title, description, unit, queries, alertAbove, stacked = false } = panel;
  return {
    id,
    type: "timeseries",
    title,
    ...(description !== undefined && { description }),
    datasource,
    gridPos,
    targets: queries.map(({ expression, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr: expression,
      legendFormat: legend,
      range: true,
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        color: { mode: "palette-classic" },
        thresholds: { mode: "absolute", steps: thresholdsOf(alertAbove) },
        custom: {
          drawStyle: "line",
          lineWidth: 1,
          fillOpacity: stacked ? 40 : 10,
          showPoints: "auto",
          spanNulls: false,
          stacking: { mode: stacked ? "normal" : "none", group: "A" },
          thresholdsStyle: { mode: alertAbove === undefined ? "off" : "line" },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
  };
}

function thresholdsOf(alertAbove: number | undefined) {
  const normal = { color: "green", value: null };
  return alertAbove === undefined ? [normal] : [normal, { color: "red", value: alertAbove }];
}

/** Writes every dashboard to the folder that Grafana reads. */
export function writeDashboards(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of renderDashboards()) {
    writeFileSync(join(folder, name), text);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeDashboards(join(import.meta.dirname, "..", "deploy", "grafana", "dashboards"));
}

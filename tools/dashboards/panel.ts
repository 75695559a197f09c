/** What a dashboard shows, without how it looks: that is in ../dashboards.ts. */

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** What the reader should know about the figure; shown when the mouse is over the title. */
  readonly description?: string;
  readonly unit: "short" | "s" | "bytes" | "percentunit" | "reqps" | "ops";
  readonly queries: readonly Query[];
  /** Above this it is red: the threshold of the alert on this figure. */
  readonly alertAbove?: number;
  readonly stacked?: boolean;
}

/** Lines of a graph, one per combination of labels. */
export interface Query {
  readonly expression: string;
  /** With Grafana's placeholders, such as {{code}}. */
  readonly legend: string;
}

/** Per second, over an interval that fits the graph's width. */
export function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`;
}

/** How often something happened, in all and by each value of a label. */
export function rateBy(label: string, selector: string): Query {
  return { expression: `sum by (${label}) (${rate(selector)})`, legend: `{{${label}}}` };
}

/** Median, 95th and 99th percentile of a histogram. */
export function quantiles(histogram: string, labels: string): readonly Query[] {
  return [0.5, 0.95, 0.99].map((quantile) => ({
    expression: `histogram_quantile(${quantile}, sum by (le) (${rate(`${histogram}_bucket{${labels}}`)}))`,
    legend: `p${quantile * 100}`,
  }));
}

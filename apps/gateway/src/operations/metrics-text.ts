/** One line of a metrics page: a name, its labels, a figure. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format. What is no sample is left out. */
export function parseMetrics(text: string): MetricSample[] {
  return text.split("\n").flatMap((line) => {
    const found = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (found === null) {
      return [];
    }
    const [, name = "", labelText = "", figure = ""] = found;
    const value = figure === "+Inf" ? Number.POSITIVE_INFINITY : Number(figure);
    return Number.isNaN(value) ? [] : [{ name, labels: parseLabels(labelText), value }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const labels = [...text.matchAll(/([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(
    labels.map(([, name = "", value = ""]) => [
      name,
      value.replace(/\\(["\\])/g, "$1").replace(/\\n/g, "\n"),
    ]),
  );
}

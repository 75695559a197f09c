import { expect, test } from "vitest";
import { renderDashboards } from "../../tools/dashboards.ts";
import { filesBelow, readText, readYaml } from "./files.ts";

const folder = "deploy/grafana/dashboards";

test("the committed dashboards are what `tsx tools/dashboards.ts` makes", () => {
  const rendered = [...renderDashboards()].map(([name, text]) => [`${folder}/${name}`, text]);

  expect(rendered.length).toBeGreaterThan(4);
  expect(filesBelow(folder).sort()).toEqual(rendered.map(([path]) => path).sort());
  for (const [path, text] of rendered) {
    expect(readText(path!) === text, `${path} is not up to date`).toBe(true);
  }
});

interface Model {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly datasource?: { readonly uid: string };
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  }[];
}

const models = filesBelow(folder).map((path) => [path, JSON.parse(readText(path)) as Model] as const);

test("have unique names, and ask the data source that is provisioned", () => {
  const { datasources } = readYaml<{ datasources: { uid: string }[] }>(
    "deploy/grafana/provisioning/datasources/datasources.yml",
  );
  const provisioned = new Set(datasources.map(({ uid }) => uid));

  expect(new Set(models.map(([, { uid }]) => uid)).size).toBe(models.length);
  for (const [path, { panels }] of models) {
    expect(new Set(panels.map(({ id }) => id)).size, path).toBe(panels.length);
    for (const { title, datasource } of panels) {
      expect(datasource === undefined || provisioned.has(datasource.uid), `${path}: ${title}`).toBe(true);
    }
  }
});

test.each(models)("%s has no panels that overlap", (_, { panels }) => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (__, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { services } from "@ordermesh/ordermesh/programs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesBelow, readText, readYaml, readYamlDocuments, root } from "./files.ts";
import { findTool } from "./installed-tool.ts";
import { type AlertRule, alertRulesOf } from "./rule-file.ts";

/** What can be checked of deploy/ without a container engine. */

/** Each alert has a section there with its name as the heading. */
const runbooks = "docs/OPERATIONS.md";

const ruleFiles = filesBelow("deploy/prometheus/rules");
const ruleTestFiles = filesBelow("deploy/prometheus/tests");
const dashboardFiles = filesBelow("deploy/grafana/dashboards");
const alerts = ruleFiles.flatMap(alertRulesOf);

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "ordermesh-deploy-"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("every file", () => {
  const files = ["compose.yaml", ...filesBelow("deploy")];

  test("in YAML and JSON can be read", () => {
    const yaml = files.filter((path) => /\.ya?ml$/.test(path));
    const json = files.filter((path) => path.endsWith(".json"));
    const documents = yaml.flatMap(readYamlDocuments);

    expect(yaml.length).toBeGreaterThan(15);
    expect(documents.length).toBeGreaterThan(yaml.length);
    expect(json.length).toBe(dashboardFiles.length);
    for (const path of json) {
      expect(() => JSON.parse(readText(path)), path).not.toThrow();
    }
  });

  test("is free of secrets", () => {
    // A token of a Telegram bot, a private key, and a password in an address that no variable can replace.
    const secret = /\d{8,}:[\w-]{35}|PRIVATE KEY|:\/\/\w+:(?!\$\{|…@)[^@\s/]+@/;
    expect(files.filter((path) => secret.test(readText(path)))).toEqual([]);
  });
});

describe("alert rules", () => {
  test("are there", () => {
    const names = alerts.map(({ alert }) => alert);

    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        "TargetIsDown",
        ...services.map(({ name }) => `Service${name[0]!.toUpperCase()}${name.slice(1)}IsDown`),
        "ServiceLomsHighErrorRate",
        "ServiceCheckoutHighErrorRate",
        "ServicePaymentsHighErrorRate",
        "ServiceTablesHighErrorRate",
        "ServiceGatewayHighErrorRate",
        "PaymentsAreUnsettled",
        "PasswordsAreGuessed",
        "TableCodesAreGuessed",
        "OutboxIsLate",
        "OrdersPastDeadline",
        "DeadLetters",
      ]),
    );
  });

  test.each(alerts.map((rule) => [rule.alert, rule] as const))(
    "%s says what is wrong and what to do",
    (_, rule) => {
      expect(rule.annotations?.summary).toBeTruthy();
      expect(rule.annotations?.description).toBeTruthy();
      expect(rule.annotations?.runbook).toBe(`${runbooks}#${rule.alert.toLowerCase()}`);
      expect(["warning", "critical"]).toContain(rule.labels?.severity);
      expect(hasServiceLabel(rule), "Alertmanager groups and silences by the label service").toBe(true);
    },
  );

  test.each(alerts.map(({ alert }) => [alert]))(
    "%s has tests in which it fires and in which it does not",
    (alert) => {
      const checks = ruleTestFiles
        .flatMap((path) => readYaml<RuleTestFile>(path).tests)
        .flatMap(({ alert_rule_test }) => alert_rule_test)
        .filter(({ alertname }) => alertname === alert);

      expect(checks.some(({ exp_alerts = [] }) => exp_alerts.length > 0)).toBe(true);
      expect(checks.some(({ exp_alerts = [] }) => exp_alerts.length === 0)).toBe(true);
    },
  );

  const hasRunbooks = existsSync(join(root, runbooks));
  const note = hasRunbooks ? "" : " (left out: it is not written yet)";
  test.skipIf(!hasRunbooks)(`have a runbook each in ${runbooks}${note}`, () => {
    const headings = new Set(
      [...readText(runbooks).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading!.replaceAll("`", "").trim(),
      ),
    );
    expect(alerts.map(({ alert }) => alert).filter((alert) => !headings.has(alert))).toEqual([]);
  });
});

interface RuleTestFile {
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts?: readonly unknown[];
    }[];
  }[];
}

/** Either the rule sets it, or the expression keeps it. */
function hasServiceLabel({ labels, expr }: AlertRule): boolean {
  return labels?.service !== undefined || /by \((\w+, )*service\b/.test(expr);
}

describe("Prometheus", () => {
  interface PrometheusConfig {
    readonly scrape_configs: readonly {
      readonly job_name: string;
      readonly static_configs: readonly { readonly targets: readonly string[] }[];
    }[];
  }

  test("scrapes every service on its port, under its name", () => {
    const { scrape_configs: jobs } = readYaml<PrometheusConfig>("deploy/prometheus/prometheus.yml");
    const targets = new Map(
      jobs.map((job) => [job.job_name, job.static_configs.flatMap((each) => each.targets)]),
    );

    expect(services.length).toBeGreaterThan(3);
    for (const { name, port } of services) {
      expect(targets.get(name)).toEqual([`${name}:${port.standard}`]);
    }
  });

  const promtool = findTool("promtool", ["--version"], "prometheus");
  describe.skipIf(!promtool.isInstalled)(`as promtool sees it${promtool.note}`, () => {
    test("the configuration is valid", () => {
      const { exitCode, output } = promtool.run("check", "config", "deploy/prometheus/prometheus.yml");
      expect(exitCode, output).toBe(0);
      expect(output).toContain(`SUCCESS: ${ruleFiles.length} rule files found`);
    });

    test("the configuration for Kubernetes is valid but for the discovery, which Debian leaves out", () => {
      const text = readText("deploy/prometheus/prometheus.kubernetes.yml");
      const discovery = /kubernetes_sd_configs:\n( {6,}.*\n)+/;
      expect(text).toMatch(discovery);
      const path = join(scratch, "prometheus.yml");
      writeFileSync(path, text.replace(discovery, "static_configs: [{ targets: [pod:1] }]\n"));

      const { exitCode, output } = promtool.run("check", "config", path);
      expect(exitCode, output).toBe(0);
    });

    test("the rules are valid", () => {
      const { exitCode, output } = promtool.run("check", "rules", "--lint=all", "--lint-fatal", ...ruleFiles);
      expect(exitCode, output).toBe(0);
    });

    test("the rules' own tests pass", () => {
      const { exitCode, output } = promtool.run("test", "rules", ...ruleTestFiles);
      expect(exitCode, output).toBe(0);
      expect(output.match(/SUCCESS/g)).toHaveLength(ruleTestFiles.length);
    });

    test("the dashboards' expressions are PromQL", () => {
      const expressions = dashboardFiles.flatMap(expressionsOf);
      expect(expressions.length).toBeGreaterThan(60);
      const rules = expressions.map((expr, index) => ({ record: `dashboard:expression:${index}`, expr }));
      const path = join(scratch, "expressions.yml");
      // JSON is YAML.
      writeFileSync(path, JSON.stringify({ groups: [{ name: "dashboards", rules }] }));

      const { exitCode, output } = promtool.run("check", "rules", path);
      expect(exitCode, output).toBe(0);
      expect(output).toContain(`${expressions.length} rules found`);
    });
  });
});

/** With values for what Grafana fills in. */
function expressionsOf(path: string): string[] {
  const { panels } = JSON.parse(readText(path)) as { panels: { targets?: { expr: string }[] }[] };
  return panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"));
}

describe("Alertmanager", () => {
  const path = "deploy/alertmanager/alertmanager.yml";

  test("reads what is secret from files", () => {
    const text = readText(path);
    expect(text).toMatch(/bot_token_file: \/etc\/alertmanager\/secrets\//);
    expect(text).toMatch(/chat_id_file: \/etc\/alertmanager\/secrets\//);
    expect(text).toMatch(/url_file: \/etc\/alertmanager\/secrets\//);
    expect(text).not.toMatch(/\b(bot_token|chat_id|url):/);
  });

  const amtool = findTool("amtool", ["--version"], "prometheus-alertmanager");
  describe.skipIf(!amtool.isInstalled)(`as amtool sees it${amtool.note}`, () => {
    let config: string;
    beforeAll(() => {
      // Debian's version does not know values from files yet.
      const text = readText(path)
        .replace(/bot_token_file: .*/g, "bot_token: none")
        .replace(/chat_id_file: .*/g, "chat_id: 1")
        .replace(/url_file: .*/g, "url: http://localhost/");
      config = join(scratch, "alertmanager.yml");
      writeFileSync(config, text);
      const template = "templates/telegram.tmpl";
      mkdirSync(join(scratch, "templates"));
      writeFileSync(join(scratch, template), readText(`deploy/alertmanager/${template}`));
    });

    test("the configuration and the template are valid", () => {
      const { exitCode, output } = amtool.run("check-config", config);
      expect(exitCode, output).toBe(0);
      expect(output).toContain("1 templates");
    });

    test.each([
      ["critical", "webhook-and-telegram"],
      ["warning", "webhook"],
    ])("%s alerts go to %s", (severity, receiver) => {
      const { output } = amtool.run(
        "config",
        "routes",
        "test",
        `--config.file=${config}`,
        `severity=${severity}`,
      );
      expect(output.split("\n")).toContain(receiver);
    });
  });
});

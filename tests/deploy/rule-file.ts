import { readYaml } from "./files.ts";

/** A file of Prometheus rules, as far as the checks look at it. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type AlertRule = Rule & { readonly alert: string };

export function alertRulesOf(path: string): AlertRule[] {
  return readYaml<RuleFile>(path)
    .groups.flatMap(({ rules }) => rules)
    .filter((rule): rule is AlertRule => rule.alert !== undefined);
}

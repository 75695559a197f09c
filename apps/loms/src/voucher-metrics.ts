import { Counter, type Registry } from "prom-client";
import { type ValidationResult, validationMessages } from "./domain/voucher.ts";

/** How a counter's question was answered; `too_many_guesses`: not at all. */
export type ValidationAnswer = ValidationResult | "too_many_guesses";

/** Counts what counters were told of codes, so that somebody who guesses is seen. */
export function createValidationCounter(metrics: Registry): (answer: ValidationAnswer) => void {
  const answers = new Counter({
    name: "ordermesh_loms_voucher_validations_total",
    help: "Codes that were shown at counters, by what the counter was told.",
    labelNames: ["answer"],
    registers: [metrics],
  });
  const known = [...Object.keys(validationMessages), "too_many_guesses"];
  for (const answer of known) {
    answers.inc({ answer }, 0);
  }
  return (answer) => answers.inc({ answer });
}

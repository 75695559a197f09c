import type { LoadResult } from "./closed-loop.ts";
import { processorMicroseconds } from "./process-usage.ts";
import { median } from "./statistics.ts";

/** Processes whose use of the processor is told apart, by name. */
export type Processes = Readonly<Record<string, number>>;

export interface Measurement extends LoadResult {
  /** Microseconds of processor time for each operation, by process. */
  readonly microseconds: Readonly<Record<string, number>>;
}

/** Runs a load and counts what it costs each process. */
export async function measure(processes: Processes, load: () => Promise<LoadResult>): Promise<Measurement> {
  const names = Object.keys(processes);
  const used = () => names.map((name) => processorMicroseconds(processes[name] ?? 0));
  const before = used();
  const result = await load();
  const after = used();
  const perOperation = names.map((name, index) => [
    name,
    ((after[index] ?? 0) - (before[index] ?? 0)) / Math.max(1, result.operations),
  ]);
  return { ...result, microseconds: Object.fromEntries(perOperation) };
}

/**
 * Runs variants in turn, round by round, after a first round that only warms them up: what one round of a shared
 * machine takes from one variant it takes from the others as well.
 *
 * @returns the measurements of each variant, in the order of the rounds.
 */
export async function interleave<Name extends string>(
  rounds: number,
  variants: Readonly<Record<Name, (round: number) => Promise<Measurement>>>,
): Promise<Record<Name, Measurement[]>> {
  const names = Object.keys(variants) as Name[];
  const results = Object.fromEntries(names.map((name): [Name, Measurement[]] => [name, []])) as Record<
    Name,
    Measurement[]
  >;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const measurement = await variants[name](round);
      if (round > 0) {
        results[name].push(measurement);
      }
    }
  }
  return results;
}

/** The median over the rounds of the quotient of two variants' figures within a round. */
export function medianRatio(
  ours: readonly Measurement[],
  yardstick: readonly Measurement[],
  figure: (measurement: Measurement) => number = ({ perSecond }) => perSecond,
): number {
  return median(
    ours.map((measurement, round) => {
      const other = yardstick[round];
      return other === undefined ? Number.NaN : figure(measurement) / figure(other);
    }),
  );
}

export const measurementColumns = ["", "per second", "p50 ms", "p99 ms"] as const;

/** Medians over the rounds. */
export function measurementCells(name: string, rounds: readonly Measurement[]): string[] {
  const of = (figure: (measurement: Measurement) => number, digits: number) =>
    median(rounds.map(figure)).toFixed(digits);
  return [name, of((m) => m.perSecond, 0), of((m) => m.p50Ms, 1), of((m) => m.p99Ms, 1)];
}

/** What an operation costs each process, such as "client 180, loms 170, postgres 110". */
export function costCell(rounds: readonly Measurement[]): string {
  const names = Object.keys(rounds[0]?.microseconds ?? {});
  return names
    .map((name) => `${name} ${median(rounds.map((round) => round.microseconds[name] ?? 0)).toFixed(0)}`)
    .join(", ");
}

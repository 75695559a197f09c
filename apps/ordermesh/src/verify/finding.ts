/** One thing that is not as it must be. */
export interface Finding {
  /** Which invariant: I1 to I16. */
  readonly invariant: string;
  /** What is wrong, with the ids of what it concerns. */
  readonly text: string;
}

/** A check and what it found. */
export interface CheckResult {
  readonly invariant: string;
  /** What must hold. */
  readonly claim: string;
  /** How many rows or events were looked at: a check that saw none has proved nothing. */
  readonly examined: number;
  readonly findings: readonly Finding[];
}

/** More are counted, not listed. */
export const findingsListedMax = 50;

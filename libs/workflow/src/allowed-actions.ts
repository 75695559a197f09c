import { fitsState, isMet, type Situation } from "./decide.ts";
import { machineOf, type Names, type Row, type WorkflowDefinition } from "./definition.ts";

/** The actions that a role may ask for in a situation, in the order of the table. What follows by itself is left out. */
export function allowedActions<N extends Names>(
  definition: WorkflowDefinition<N>,
  situation: Situation<N>,
  role: string,
): readonly string[] {
  const rows = machineOf(definition, situation.machine).rows.filter(
    (row) =>
      isListed(row) && row.roles.includes(role) && fitsState(row, situation) && isMet(situation, row.guard),
  );
  return [...new Set(rows.map((row) => row.action))];
}

/** Whether a row is one that somebody may ask for. */
export function isListed<N extends Names>(row: Row<N>): boolean {
  return row.cause !== "automatic" && row.hidden !== true && row.refusesWith === undefined;
}

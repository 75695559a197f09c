import type { Finding } from "./check-definition.ts";
import {
  type Balance,
  type Machine,
  type Names,
  type Row,
  readCondition,
  type WorkflowDefinition,
} from "./definition.ts";

interface Place extends Balance {
  readonly state: string;
  /** The actions that led here. */
  readonly path: readonly string[];
}

/**
 * Walks every way through a machine and follows the money and the goods. The root must not end with the money at the
 * seller and the goods anywhere but at the buyer. Another machine's end is not the end of the deal; it must not leave
 * the seller with the money and with goods that the buyer has sent back.
 */
export function checkBalance<N extends Names>(
  definition: WorkflowDefinition<N>,
  machineName: string,
  machine: Machine<N>,
): Finding[] {
  const isRoot = Object.keys(definition.machines)[0] === machineName;
  const isLoss = ({ money, goods }: Place) =>
    money === "with_seller" && (isRoot ? goods !== "with_buyer" : goods === "sent_back");
  return placesOf(definition, machine)
    .filter((place) => machine.states.some(({ code, final }) => code === place.state && final === true))
    .filter(isLoss)
    .map(({ state, path }) => ({
      kind: "money_without_goods",
      machine: machineName,
      text: `It can end in "${state}" with the money at the seller and without the goods at the buyer: ${path.join(", ")}.`,
    }));
}

/** Every state with every balance that it can be reached with, each by a shortest way. */
function placesOf<N extends Names>(definition: WorkflowDefinition<N>, machine: Machine<N>): Place[] {
  const found = new Map<string, Place>();
  const queue: Place[] = [{ state: machine.initial, ...machine.begins, path: [] }];
  for (const place of queue) {
    const key = `${place.state} ${place.money} ${place.goods}`;
    if (!found.has(key)) {
      found.set(key, place);
      queue.push(
        ...machine.rows
          .filter((row) => row.from.includes(place.state))
          .map((row) => ({
            ...balanceAfter(definition, row, place),
            state: row.to,
            path: [...place.path, row.action],
          })),
      );
    }
  }
  return [...found.values()];
}

function balanceAfter<N extends Names>(
  definition: WorkflowDefinition<N>,
  row: Row<N>,
  before: Balance,
): Balance {
  const condition = row.guard === undefined ? undefined : readCondition<N["guard"]>(row.guard);
  const known = condition?.expected === true ? definition.guards[condition.guard]?.balance : undefined;
  const done = (row.effects ?? []).map((effect: N["effect"]) => definition.effects[effect]?.balance);
  const { money, goods }: Balance = Object.assign({}, before, known, ...done);
  return { money, goods };
}

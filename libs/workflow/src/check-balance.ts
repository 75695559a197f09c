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
  /** Whether the seller ever had the money, so that the buyer has it because it was given back. */
  readonly wasPaid: boolean;
  /** The actions that led here. */
  readonly path: readonly string[];
}

/**
 * Walks every way through a machine and follows the money and the goods. The root must not end with the money at the
 * seller and the goods anywhere but at the buyer, nor with the goods at a buyer who never paid. Another machine's end is
 * not the end of the deal; it must not leave the seller with the money and with goods that the buyer has sent back.
 */
export function checkBalance<N extends Names>(
  definition: WorkflowDefinition<N>,
  machineName: string,
  machine: Machine<N>,
): Finding[] {
  const isRoot = Object.keys(definition.machines)[0] === machineName;
  const isLoss = ({ money, goods }: Place) =>
    money === "with_seller" && (isRoot ? goods !== "with_buyer" : goods === "sent_back");
  const ends = placesOf(definition, machine).filter((place) =>
    machine.states.some(({ code, final }) => code === place.state && final === true),
  );
  const lost = ends.filter(isLoss).map(({ state, path }) => ({
    kind: "money_without_goods" as const,
    machine: machineName,
    text: `It can end in "${state}" with the money at the seller and without the goods at the buyer: ${path.join(", ")}.`,
  }));
  const unpaid = ends
    .filter(({ goods, wasPaid }) => isRoot && goods === "with_buyer" && !wasPaid)
    .map(({ state, path }) => ({
      kind: "goods_without_money" as const,
      machine: machineName,
      text: `It can end in "${state}" with the goods at a buyer who never paid: ${path.join(", ")}.`,
    }));
  return [...lost, ...unpaid];
}

/** Every state with every balance that it can be reached with, each by a shortest way. */
function placesOf<N extends Names>(definition: WorkflowDefinition<N>, machine: Machine<N>): Place[] {
  const found = new Map<string, Place>();
  const wasPaid = machine.begins.money === "with_seller";
  const queue: Place[] = [{ state: machine.initial, ...machine.begins, wasPaid, path: [] }];
  for (const place of queue) {
    const key = `${place.state} ${place.money} ${place.goods} ${place.wasPaid}`;
    if (!found.has(key)) {
      found.set(key, place);
      queue.push(
        ...machine.rows
          .filter((row) => row.from.includes(place.state))
          .map((row) => {
            const balance = balanceAfter(definition, row, place);
            return {
              ...balance,
              state: row.to,
              wasPaid: place.wasPaid || balance.money === "with_seller",
              path: [...place.path, row.action],
            };
          }),
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

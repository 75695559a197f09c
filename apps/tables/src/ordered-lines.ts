import { Failure } from "@ordermesh/failure/failure";
import type { Session } from "./domain/session.ts";
import { badRequest } from "./domain/session-failures.ts";
import type { SessionOrderLine } from "./domain/session-order.ts";
import type { TableDesk } from "./table-desk.ts";
import type { CallContext } from "./upstream/catalogue.ts";

export interface OrderedLine {
  readonly sku: number;
  readonly quantity: number;
  readonly note: string;
}

/**
 * Gives each line the name and the price that the menu says at this moment.
 *
 * @throws Failure `invalid_argument` for what is not on the menu, or is named twice; `failed_precondition` for what is
 * sold out.
 */
export async function findOrderedLines(
  catalogue: TableDesk["catalogue"],
  { locationId, currencyCode }: Session,
  lines: readonly OrderedLine[],
  call: CallContext,
): Promise<SessionOrderLine[]> {
  const skus = lines.map(({ sku }) => sku);
  const twice = skus.findIndex((sku, index) => skus.indexOf(sku) !== index);
  if (twice >= 0) {
    throw badRequest(
      `lines[${twice}].sku`,
      `${skus[twice]} is in another line: give each once, with its quantity`,
    );
  }
  const menu = await catalogue.findMenuItems(skus, locationId, call);
  return lines.map(({ sku, quantity, note }, index) => {
    const item = menu.get(sku);
    if (item === undefined) {
      throw badRequest(`lines[${index}].sku`, `${sku} is not on the menu`, "NOT_ON_THE_MENU");
    }
    if (item.isSoldOut) {
      throw soldOut(sku, item.name);
    }
    if (item.price.currencyCode !== currencyCode) {
      throw new Error(
        `Menu item ${sku} is in ${item.price.currencyCode}, but its location in ${currencyCode}.`,
      );
    }
    return { sku, quantity, note, name: item.name, unitPriceMinor: item.price.amountMinor };
  });
}

function soldOut(sku: number, name: string): Failure {
  return new Failure("failed_precondition", `${name} is sold out.`, {
    reason: "SOLD_OUT",
    metadata: { sku: `${sku}` },
    preconditionViolations: [{ type: "SOLD_OUT", subject: `products/${sku}`, description: "is sold out" }],
  });
}

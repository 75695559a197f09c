import type { Money as MoneyMessage } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import { formatAmount, formatMoney } from "../format.ts";

export interface MoneyProps {
  readonly value: MoneyMessage | undefined;
  /** Where the currency stands beside it already. */
  readonly bare?: boolean;
}

/** An amount, set like a ledger's: digits of one width, never broken over two lines. */
export function Money({ value, bare = false }: MoneyProps) {
  return <span className="number">{bare ? formatAmount(value) : formatMoney(value)}</span>;
}

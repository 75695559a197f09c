import { counterpartRule } from "@ordermesh/auth/counterpart";
import type { RuleTable } from "@ordermesh/auth/method-rule";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";

/** Who may call miniZON's contract, which has no room for rules of its own. @param open anybody, as it was there. */
export function minizonRules(open: boolean): RuleTable {
  const { createOrder, getOrder, payOrder, cancelOrder, listStockLevels } = LomsService.method;
  return {
    "loms_v1.LomsV1/CreateOrder": counterpartRule(createOrder, open, "user"),
    "loms_v1.LomsV1/ListOrder": counterpartRule(getOrder, open),
    "loms_v1.LomsV1/OrderPayed": counterpartRule(payOrder, open),
    "loms_v1.LomsV1/CancelOrder": counterpartRule(cancelOrder, open),
    "loms_v1.LomsV1/Stocks": counterpartRule(listStockLevels, open),
  };
}

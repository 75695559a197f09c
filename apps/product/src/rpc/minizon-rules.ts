import type { RuleTable } from "@ordermesh/auth/method-rule";

/** Anybody may call the contract that miniZON called: each request of it carries a token of its own. */
export const minizonRules: RuleTable = {
  "route256.product.ProductService/GetProduct": { public: true },
  "route256.product.ProductService/ListSkus": { public: true },
};

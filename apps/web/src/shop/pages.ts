import type { PageDefinition } from "../app/page-definition.ts";

const roles = ["buyer"] as const;

/** The shop: anybody may look, buyers buy. */
export const shopPages: readonly PageDefinition[] = [
  { path: "/", title: "Shop", load: () => import("./catalogue-page.tsx") },
  { path: "/p/$sku", title: "Product", load: () => import("./product-page.tsx") },
  { path: "/cart", title: "Cart", roles, load: () => import("./cart-page.tsx") },
  { path: "/checkout", title: "Checkout", roles, load: () => import("./checkout-page.tsx") },
  { path: "/orders", title: "My orders", roles, load: () => import("./orders-page.tsx") },
  {
    path: "/orders/$orderId",
    title: "Order",
    roles,
    load: () => import("./order-page.tsx"),
    dialogs: [
      { path: "pay", title: "Pay", load: () => import("./pay-dialog.tsx") },
      { path: "cancel", title: "Cancel the order", load: () => import("./cancel-dialog.tsx") },
      { path: "refund/$sku", title: "Ask for a refund", load: () => import("./refund-dialog.tsx") },
      { path: "return/$sku", title: "Send it back", load: () => import("./return-dialog.tsx") },
    ],
  },
];

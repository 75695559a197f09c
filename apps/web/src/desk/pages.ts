import type { PageDefinition } from "../app/page-definition.ts";

const roles = ["seller", "platform", "operator"] as const;
const layout = "desk" as const;

/** The work desk: orders, and what can be done with them. */
export const deskPages: readonly PageDefinition[] = [
  { path: "/desk/orders", title: "Orders", roles, layout, load: () => import("./orders-page.tsx") },
  {
    path: "/desk/orders/$orderId",
    title: "Order",
    roles,
    layout,
    load: () => import("./order-page.tsx"),
    dialogs: [
      { path: "act/$action", title: "Action", load: () => import("./action-dialog.tsx") },
      { path: "explain/$action", title: "Why", load: () => import("./explain-dialog.tsx") },
    ],
  },
  { path: "/desk/codes", title: "Take a code", roles, layout, load: () => import("./codes-page.tsx") },
];

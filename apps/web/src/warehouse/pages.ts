import type { PageDefinition } from "../app/page-definition.ts";

const roles = ["seller", "platform", "operator"] as const;
const layout = "desk" as const;
const dialogs = [
  { path: "receive", title: "Receive stock", load: () => import("./receive-dialog.tsx") },
] as const;

/** The warehouse: what there is, who holds it, and what came and went. */
export const warehousePages: readonly PageDefinition[] = [
  {
    path: "/warehouse",
    title: "Warehouse",
    roles,
    layout,
    load: () => import("./stock-page.tsx"),
    dialogs,
  },
  {
    path: "/warehouse/$sku",
    title: "Stock",
    roles,
    layout,
    load: () => import("./sku-page.tsx"),
    dialogs,
  },
];

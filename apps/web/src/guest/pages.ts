import type { PageDefinition } from "../app/page-definition.ts";

/** Where the links of QR codes lead. Nobody signs in here: whoever is at the table has a token for that evening. */
export const guestPages: readonly PageDefinition[] = [
  { path: "/t", title: "Order at your table", layout: "bare", load: () => import("./code-page.tsx") },
  {
    path: "/t/$code",
    title: "Order at your table",
    layout: "bare",
    load: () => import("./guest-page.tsx"),
    dialogs: [
      { path: "split", title: "Split the bill", load: () => import("./split-dialog.tsx") },
      { path: "pay/$shareId", title: "Pay", load: () => import("./pay-share-dialog.tsx") },
    ],
  },
];

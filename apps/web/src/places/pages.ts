import type { PageDefinition } from "../app/page-definition.ts";

const place = { roles: ["seller", "platform"], layout: "desk" } as const;

/** The panel of those who work at a location. */
export const placesPages: readonly PageDefinition[] = [
  {
    path: "/places",
    title: "Places",
    ...place,
    load: () => import("./places-page.tsx"),
    dialogs: [{ path: "new", title: "New location", load: () => import("./new-place-dialog.tsx") }],
  },
  { path: "/places/$locationId", title: "Tables", ...place, load: () => import("./tables-page.tsx") },
  {
    path: "/places/$locationId/table/$sessionId",
    title: "Table",
    ...place,
    load: () => import("./table-page.tsx"),
    dialogs: [
      { path: "qr", title: "QR code", load: () => import("./qr-dialog.tsx") },
      { path: "order", title: "Order for the table", load: () => import("./order-dialog.tsx") },
      { path: "bill", title: "Make the bill", load: () => import("./bill-dialog.tsx") },
      { path: "write-off/$shareId", title: "Write it off", load: () => import("./write-off-dialog.tsx") },
      { path: "decline/$orderId", title: "Decline an order", load: () => import("./decline-dialog.tsx") },
      { path: "close", title: "Close the table", load: () => import("./close-dialog.tsx") },
    ],
  },
  {
    path: "/places/$locationId/kitchen",
    title: "Kitchen",
    ...place,
    load: () => import("./kitchen-page.tsx"),
    dialogs: [
      {
        path: "decline/$sessionId/$orderId",
        title: "Decline an order",
        load: () => import("./decline-dialog.tsx"),
      },
    ],
  },
  {
    path: "/places/$locationId/menu",
    title: "Menu",
    ...place,
    load: () => import("./menu-page.tsx"),
    dialogs: [
      { path: "new", title: "New item", load: () => import("./menu-item-dialog.tsx") },
      { path: "$sku", title: "Menu item", load: () => import("./menu-item-dialog.tsx") },
      { path: "$sku/remove", title: "Take it off the menu", load: () => import("./remove-item-dialog.tsx") },
    ],
  },
  {
    path: "/places/$locationId/about",
    title: "About the place",
    ...place,
    load: () => import("./about-page.tsx"),
    dialogs: [
      { path: "edit", title: "Change the location", load: () => import("./edit-place-dialog.tsx") },
      { path: "staff", title: "Who works here", load: () => import("./staff-dialog.tsx") },
    ],
  },
];

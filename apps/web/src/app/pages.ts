import { apiPages } from "../api/pages.ts";
import { deskPages } from "../desk/pages.ts";
import { guestPages } from "../guest/pages.ts";
import { operationsPages } from "../operations/pages.ts";
import { placesPages } from "../places/pages.ts";
import { shopPages } from "../shop/pages.ts";
import { warehousePages } from "../warehouse/pages.ts";
import type { PageDefinition } from "./page-definition.ts";

/** Every page there is: one list for each area. */
export const pages: readonly PageDefinition[] = [
  {
    path: "/sign-in",
    title: "Sign in",
    load: () => import("../session/sign-in-page.tsx"),
  },
  ...shopPages,
  ...deskPages,
  ...warehousePages,
  ...placesPages,
  ...guestPages,
  ...operationsPages,
  ...apiPages,
];

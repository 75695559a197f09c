import type { ComponentType } from "react";
import type { Role } from "../session/session.ts";

/**
 * shop: a column of 1120 px, large text. desk: the whole width, dense, navigation at the side. bare: nothing around it,
 * as on a guest's phone.
 */
export type Layout = "shop" | "desk" | "bare";

/** A page, or a dialog over one: it has an address of its own, so that it can be linked, and "back" closes it. */
export interface PageDefinition {
  /** With $names for what varies: "/orders/$orderId". A dialog's is below that of its page: "refund/$sku". */
  readonly path: string;
  /** Of the window, until the page knows better. */
  readonly title: string;
  /** Pages are files of their own, loaded when they are shown. */
  readonly load: () => Promise<{ readonly default: ComponentType }>;
  /** Who may see it; absent: anybody. */
  readonly roles?: readonly Role[];
  readonly layout?: Layout;
  /** Shown where the page has its <Outlet />. */
  readonly dialogs?: readonly PageDefinition[];
}

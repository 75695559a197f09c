const key = "ordermesh.desk-list";

/** Keeps which list was looked at in this tab, so that an order leads back to it. */
export function rememberList(filter: string): void {
  try {
    sessionStorage.setItem(key, filter);
  } catch {
    // Without storage one comes back to all orders.
  }
}

/** The address of the list that was looked at last. */
export function rememberedList(): string {
  try {
    return `/desk/orders${sessionStorage.getItem(key) ?? ""}`;
  } catch {
    return "/desk/orders";
  }
}

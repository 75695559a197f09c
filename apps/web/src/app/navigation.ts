import type { Role } from "../session/session.ts";

export interface NavigationItem {
  readonly href: string;
  readonly text: string;
  /** Where pages of it are, if they are not all below `href`. */
  readonly area?: string;
  /** Absent: for whoever is not signed in, and for buyers. */
  readonly roles: readonly Role[];
  /** "o": g and then o go there. */
  readonly key: string;
}

/** By role, in the order shown. What somebody cannot do is not there. */
export const navigation: readonly NavigationItem[] = [
  { href: "/", text: "Shop", roles: ["buyer"], key: "s" },
  { href: "/orders", text: "My orders", roles: ["buyer"], key: "o" },
  { href: "/desk/orders", text: "Desk", area: "/desk", roles: ["seller", "platform"], key: "d" },
  { href: "/warehouse", text: "Warehouse", roles: ["seller", "platform"], key: "w" },
  { href: "/places", text: "Places", roles: ["seller", "platform"], key: "p" },
  { href: "/ops", text: "Operations", roles: ["operator", "platform"], key: "x" },
  { href: "/api", text: "API", roles: ["operator"], key: "a" },
];

export function navigationFor(roles: readonly Role[]): readonly NavigationItem[] {
  return navigation.filter((item) => item.roles.some((role) => roles.includes(role)));
}

/** Where somebody's work is. */
export function homeOf(roles: readonly Role[]): string {
  return navigationFor(roles)[0]?.href ?? "/";
}

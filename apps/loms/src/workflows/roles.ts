import type { Role } from "./names.ts";

/** Code → name. */
export const roleNames = {
  P: "platform",
  A: "administrator",
  B: "buyer",
  S: "seller",
} as const satisfies Readonly<Record<Role, string>>;

const rolesByName: ReadonlyMap<string, Role> = new Map([
  ...Object.entries(roleNames).flatMap(([code, name]): [string, Role][] => [
    [code.toLowerCase(), code as Role],
    [name, code as Role],
  ]),
  ["admin", "A"],
]);

/** Reads "B", "b", "Buyer", " buyer ": the code, or undefined for a role that there is not. */
export function parseRole(text: string): Role | undefined {
  return rolesByName.get(text.trim().toLowerCase());
}

import { Failure } from "@ordermesh/failure/failure";
import type { Role } from "../workflows/names.ts";
import { parseRole, roleNames } from "../workflows/roles.ts";
import type { Order } from "./order.ts";

/** Who asks, as far as the token tells. */
export type Asker =
  | { readonly kind: "user"; readonly userId: bigint; readonly roles: readonly string[] }
  | { readonly kind: "service"; readonly name: string }
  /** Somebody at a table, for whom the tables service speaks. */
  | { readonly kind: "guest"; readonly guestId: bigint }
  | { readonly kind: "anonymous" };

/** A role in which somebody may act. */
export interface ActingRole {
  readonly role: Role;
  /** Set if only with the orders of this user. */
  readonly onlyOfUserId: bigint | undefined;
  /** Set if only with orders at tables, or with all but those. */
  readonly place?: "at_tables" | "elsewhere";
}

/** Whether somebody may act in a role with an order, and not only with others. */
export function fitsOrder(
  { onlyOfUserId, place }: ActingRole,
  { userId, workflow }: Pick<Order, "userId" | "workflow">,
): boolean {
  const isThere = place === undefined || (place === "at_tables") === (workflow.name === "table");
  return isThere && (onlyOfUserId === undefined || onlyOfUserId === userId);
}

const everyRole: readonly Role[] = ["P", "A", "S", "B"];
const rolesOfTables: readonly Role[] = ["S", "B", "P"];

/** Whether it is the service that speaks for everybody at a table. */
export function isTables(asker: Asker): boolean {
  return asker.kind === "service" && asker.name === "tables";
}

/**
 * The roles of a workflow in which somebody may act: buyers with their own orders, sellers with all but those at tables,
 * whose staff only the tables service knows, and the platform, like anybody where nobody is told apart, as whoever it
 * says.
 *
 * @param wanted as the caller wrote it; empty: all that fit.
 * @returns the likeliest first; none for a guest.
 * @throws Failure `invalid_argument` for a role that there is not, `permission_denied` for one that the caller has not.
 */
export function actingRoles(asker: Asker, wanted: string): readonly ActingRole[] {
  if (wanted !== "") {
    return [wantedRole(asker, wanted)];
  }
  return rolesOf(asker);
}

function wantedRole(asker: Asker, wanted: string): ActingRole {
  const role = parseRole(wanted);
  if (role === undefined) {
    throw unknownRole(wanted);
  }
  if (mayActAsAny(asker)) {
    return { role, onlyOfUserId: undefined };
  }
  const held = rolesOf(asker);
  const found = held.find((acting) => acting.role === role);
  if (found === undefined) {
    throw new Failure(
      "permission_denied",
      `You can not act as ${role} (${roleNames[role]}). Your part in orders is ${held.map((acting) => acting.role).join(", ")}.`,
      { reason: "ROLE_NOT_HELD", metadata: { role } },
    );
  }
  return found;
}

function rolesOf(asker: Asker): readonly ActingRole[] {
  switch (asker.kind) {
    case "service":
      return isTables(asker)
        ? rolesOfTables.map((role) => ({ role, onlyOfUserId: undefined, place: "at_tables" }))
        : [{ role: "P", onlyOfUserId: undefined }];
    case "guest":
      return [];
    case "anonymous":
      return everyRole.map((role) => ({ role, onlyOfUserId: undefined }));
    case "user": {
      const { roles, userId } = asker;
      return [
        ...(roles.includes("buyer") ? [{ role: "B" as const, onlyOfUserId: userId }] : []),
        ...(roles.includes("seller")
          ? [{ role: "S" as const, onlyOfUserId: undefined, place: "elsewhere" as const }]
          : []),
        ...(isOfPlatform(roles)
          ? [
              { role: "P" as const, onlyOfUserId: undefined },
              { role: "A" as const, onlyOfUserId: undefined },
            ]
          : []),
      ];
    }
  }
}

/** The roles whose actions somebody is shown who names none: all of them for the platform. */
export function shownRoles(asker: Asker, wanted: string): readonly ActingRole[] {
  if (wanted === "" && mayActAsAny(asker)) {
    return everyRole.map((role) => ({ role, onlyOfUserId: undefined }));
  }
  return actingRoles(asker, wanted);
}

function mayActAsAny(asker: Asker): boolean {
  return asker.kind === "anonymous" || (asker.kind === "user" && isOfPlatform(asker.roles));
}

function isOfPlatform(roles: readonly string[]): boolean {
  return roles.includes("platform") || roles.includes("operator");
}

/**
 * Who did it, for the history.
 *
 * @param forUserId at whose request a service did it; 0: nobody's in particular.
 */
export function actorText(asker: Asker, forUserId = 0n): string {
  const name = nameOf(asker);
  return forUserId === 0n ? name : `${name} for user:${forUserId}`;
}

function nameOf(asker: Asker): string {
  switch (asker.kind) {
    case "user":
      return `user:${asker.userId}`;
    case "service":
      return `service:${asker.name}`;
    case "guest":
      return `guest:${asker.guestId}`;
    case "anonymous":
      return "anonymous";
  }
}

function unknownRole(wanted: string): Failure {
  const known = everyRole.map((role) => `${role} (${roleNames[role]})`).join(", ");
  return new Failure("invalid_argument", `There is no role "${wanted}". There are ${known}.`, {
    reason: "UNKNOWN_ROLE",
    fieldViolations: [{ field: "role", description: "is none of P, A, S, B" }],
  });
}

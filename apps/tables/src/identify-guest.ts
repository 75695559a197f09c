import type { Database } from "@ordermesh/postgres/database";
import { findGuestByToken } from "./sql/guests.ts";

/** Whose token it is now. Asked for each call: a guest who was removed, or whose session is closed, has none. */
export async function identifyGuest(database: Database, tokenHash: Uint8Array) {
  const found = await database.read((db) => findGuestByToken(db, tokenHash));
  return found && ({ kind: "guest", ...found } as const);
}

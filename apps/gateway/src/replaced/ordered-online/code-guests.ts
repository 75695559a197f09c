import { Failure } from "@ordermesh/failure/failure";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { createSealer } from "@ordermesh/sealing/sealer";
import { findCodeGuest, forgetCodeGuest, keepCodeGuest } from "../../sql/code-guests.ts";
import type { CompatCalls } from "./compat-route.ts";
import type { OrderedOnlineParts } from "./parts.ts";

/** The guests in whose name those order who have nothing but a session's code: one in each session. */
export interface CodeGuests {
  /** The guest's token; joins if there is none yet. @throws Failure. */
  tokenFor(calls: CompatCalls, session: TableSession): Promise<string>;
  /** Forgets a token that is not good any more. */
  forget(sessionId: bigint, token: string): Promise<void>;
}

const nickname = "ordered-online";

export function createCodeGuests({ database, secret, tables }: OrderedOnlineParts): CodeGuests {
  const sealer = secret && createSealer(secret, "code guests");
  const placeOf = (sessionId: bigint) => `session ${sessionId}`;

  function sealerOrFailure() {
    if (sealer === undefined) {
      throw new Failure(
        "unavailable",
        "This gateway has no GATEWAY_KEY, under which it could keep a token.",
        {
          reason: "CODE_GUESTS_NOT_CONFIGURED",
        },
      );
    }
    return sealer;
  }

  /** Undefined for what was sealed before GATEWAY_KEY was exchanged. */
  function opened(sealed: Uint8Array, place: string): string | undefined {
    const { unseal } = sealerOrFailure();
    try {
      return unseal(sealed, place);
    } catch {
      return undefined;
    }
  }

  return {
    async tokenFor(calls, { sessionId, code }) {
      const { seal } = sealerOrFailure();
      const place = placeOf(sessionId);
      const known = await database.read((db) => findCodeGuest(db, sessionId));
      const token = known && opened(known, place);
      if (token !== undefined) {
        return token;
      }
      const { guestToken } = await calls.call("tables", undefined, (call) =>
        tables.joinSession({ invitation: { case: "code", value: code }, nickname }, call),
      );
      const sealed = seal(guestToken, place);
      const kept = await database.transaction(async (tx) => {
        if (known !== undefined) {
          forgetCodeGuest(tx, sessionId, known);
        }
        return await keepCodeGuest(tx, sessionId, sealed);
      });
      return opened(kept, place) ?? guestToken;
    },

    async forget(sessionId, token) {
      const known = await database.read((db) => findCodeGuest(db, sessionId));
      if (known !== undefined && opened(known, placeOf(sessionId)) === token) {
        await database.transaction(async (tx) => forgetCodeGuest(tx, sessionId, known));
      }
    },
  };
}

import type { JsonObject } from "@bufbuild/protobuf";
import type { CompatCalls } from "./compat-route.ts";
import { asPart, incorrectCredentials, Refusal } from "./reasons.ts";
import type { SessionKeys } from "./session-keys.ts";

/** A user who has shown a session key. */
export interface CompatUser {
  readonly userId: bigint;
  /** The header `authorization` with which calls are made in the user's name. */
  readonly authorization: string;
}

/** Whose session key is in a body. @throws Refusal `incorrect_credentials` or `verification_service_unavailable`. */
export async function verifyUser(
  keys: SessionKeys,
  calls: CompatCalls,
  { session_key: key, user_id: userId }: JsonObject,
): Promise<CompatUser> {
  try {
    const authorization = await asPart("verification", {}, () => keys.authorizationOf(calls, key, userId));
    return { userId: BigInt(`${userId}`), authorization };
  } catch (error) {
    throw error instanceof Refusal && error.status === 403 ? incorrectCredentials(error) : error;
  }
}

import { createHash, randomBytes } from "node:crypto";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import { pause } from "@ordermesh/process/wait";
import type {
  IdentityService,
  LoginResponse,
  RefreshResponse,
} from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import type { Sealer } from "@ordermesh/sealing/sealer";
import type { Logger } from "@ordermesh/telemetry/logger";
import {
  claimRefresh,
  deleteSessionKey,
  findSessionKey,
  insertSessionKey,
  releaseRefresh,
  storeTokens,
} from "../../sql/session-keys.ts";
import type { CompatCalls } from "./compat-route.ts";
import { Refusal } from "./reasons.ts";

/** What ordered-online's clients show instead of a token. */
export interface SessionKeys {
  /** Makes a key of a login. @throws Failure `failed_precondition` without a GATEWAY_KEY. */
  create(login: LoginResponse): Promise<string>;
  /** @throws Refusal `incorrect_session_key` or `incorrect_user_id`. */
  check(key: unknown, userId: unknown): Promise<void>;
  /** The header `authorization` of a key's user. @throws Refusal as `check`, Failure if identity is away. */
  authorizationOf(calls: CompatCalls, key: unknown, userId: unknown): Promise<string>;
  /** Ends the key, and the login with it. @throws Refusal as `check`. */
  end(calls: CompatCalls, key: unknown, userId: unknown): Promise<void>;
}

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

const lifetimeMs = 14 * 24 * 3_600_000;

/** Longer than a call to identity may take. One that died in it is found out by then. */
const refreshLeaseMs = 10_000;
const refreshTimeoutMs = 5_000;
const waitForRefreshMs = 50;

/** @param options.sealer undefined: no key can be made. */
export function createSessionKeys(options: {
  readonly database: Database;
  readonly identity: Client<typeof IdentityService>;
  readonly sealer: Sealer | undefined;
  readonly logger: Logger;
}): SessionKeys {
  const { database, identity, logger } = options;

  function sealerOrFailure(): Sealer {
    if (options.sealer === undefined) {
      throw new Failure(
        "unavailable",
        "This gateway has no GATEWAY_KEY, under which it could keep a login.",
        {
          reason: "SESSION_KEYS_NOT_CONFIGURED",
        },
      );
    }
    return options.sealer;
  }

  const seal = (keyHash: Uint8Array, tokens: Tokens) =>
    sealerOrFailure().seal(JSON.stringify(tokens), placeOf(keyHash));
  /** @throws Refusal `incorrect_session_key` for what was sealed before GATEWAY_KEY was exchanged. */
  function unseal(keyHash: Uint8Array, sealed: Uint8Array): Tokens {
    const { unseal: open } = sealerOrFailure();
    try {
      return JSON.parse(open(sealed, placeOf(keyHash)));
    } catch (error) {
      throw new Refusal(403, "incorrect_session_key", error);
    }
  }

  async function find(key: unknown, userId: unknown) {
    if (typeof key !== "string" || key === "") {
      throw new Refusal(403, "incorrect_session_key");
    }
    const keyHash = hashOf(key);
    const row = await database.read((db) => findSessionKey(db, keyHash));
    if (row === undefined) {
      throw new Refusal(403, "incorrect_session_key");
    }
    if (typeof userId !== "number" || `${row.userId}` !== `${userId}`) {
      throw new Refusal(403, "incorrect_user_id");
    }
    return { ...row, keyHash };
  }

  /** Trades the refresh token for new ones. @returns the access token; undefined if another is at it. */
  async function refresh(calls: CompatCalls, keyHash: Uint8Array): Promise<string | undefined> {
    const sealed = await database.transaction((tx) => claimRefresh(tx, keyHash, refreshLeaseMs));
    if (sealed === undefined) {
      return undefined;
    }
    const { refresh: refreshToken } = unseal(keyHash, sealed);
    let answer: RefreshResponse;
    try {
      answer = await calls.call("identity", undefined, (call) =>
        identity.refresh(
          { refreshToken },
          { ...call, timeoutMs: Math.min(refreshTimeoutMs, call.timeoutMs ?? 0) },
        ),
      );
    } catch (error) {
      if (error instanceof Failure && error.kind === "unauthenticated") {
        // The login was ended elsewhere, or its refresh token was used by one who died before writing down the next.
        await database.transaction((tx) => deleteSessionKey(tx, keyHash));
        throw new Refusal(403, "incorrect_session_key", error);
      }
      await database.transaction(async (tx) => releaseRefresh(tx, keyHash));
      throw error;
    }
    const tokens = { access: answer.accessToken, refresh: answer.refreshToken };
    const stored = { keyHash, sealedTokens: seal(keyHash, tokens), accessExpiresAt: expiryOf(answer) };
    await database.transaction(async (tx) => storeTokens(tx, stored));
    return tokens.access;
  }

  return {
    async create(login) {
      const key = randomBytes(32).toString("base64url");
      const keyHash = hashOf(key);
      const tokens = { access: login.accessToken, refresh: login.refreshToken };
      const stored = { keyHash, sealedTokens: seal(keyHash, tokens), accessExpiresAt: expiryOf(login) };
      const userId = login.user?.userId ?? 0n;
      await database.transaction(async (tx) => insertSessionKey(tx, stored, { userId, lifetimeMs }));
      return key;
    },

    async check(key, userId) {
      await find(key, userId);
    },

    async authorizationOf(calls, key, userId) {
      for (const deadlineAt = Date.now() + refreshLeaseMs; ; ) {
        const { keyHash, isFresh, sealedTokens } = await find(key, userId);
        const access = isFresh ? unseal(keyHash, sealedTokens).access : await refresh(calls, keyHash);
        if (access !== undefined) {
          return `Bearer ${access}`;
        }
        if (Date.now() > deadlineAt) {
          throw new Failure("unavailable", "The login is being renewed. Try again.", {
            reason: "BEING_RENEWED",
          });
        }
        await pause(waitForRefreshMs);
      }
    },

    async end(calls, key, userId) {
      const { keyHash } = await find(key, userId);
      const sealed = await database.transaction((tx) => deleteSessionKey(tx, keyHash));
      if (sealed === undefined) {
        return;
      }
      try {
        const { refresh: refreshToken } = unseal(keyHash, sealed);
        await calls.call("identity", undefined, (call) => identity.logout({ refreshToken }, call));
      } catch (error) {
        // The key is gone, and with it the only copy of the refresh token.
        logger.warn({ err: error }, "the login of a session key that was ended is left to expire");
      }
    },
  };
}

/** Nobody guesses 256 random bits, so that a fast hash is as good as a slow one. */
function hashOf(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}

function placeOf(keyHash: Uint8Array): string {
  return `session key ${Buffer.from(keyHash).toString("hex")}`;
}

function expiryOf({ expiresAt }: LoginResponse | RefreshResponse): Date {
  return expiresAt === undefined ? new Date(0) : timestampDate(expiresAt);
}

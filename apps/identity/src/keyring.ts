import { randomUUID } from "node:crypto";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import { pause } from "@ordermesh/process/wait";
import type { Logger } from "@ordermesh/telemetry/logger";
import {
  type CryptoKey,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTVerifyGetKey,
} from "jose";
import { planRotation, type RotationTimes, signingKey } from "./domain/key-rotation.ts";
import { sealKey, unsealKey } from "./domain/sealed-key.ts";
import {
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  type StoredKey,
} from "./sql/signing-keys.ts";

export interface SigningKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
}

/** The keys that sign tokens, and those by which tokens are checked. */
export interface Keyring {
  /** @throws Failure `unavailable` while there is none. */
  signingKey(): SigningKey;
  /** What is published: the key that signs, the one that will, and those whose tokens may still be about. */
  publicKeys(): readonly JWK[];
  /** The public key that a token's header names. */
  readonly findPublicKey: JWTVerifyGetKey;
  stop(): Promise<void>;
}

interface HeldKey extends SigningKey {
  readonly publicKey: JWK;
  /** By this machine's clock, in milliseconds since 1970. */
  readonly signsFromMs: number;
}

export interface KeyringOptions {
  readonly database: Database;
  readonly encryptionKey: Uint8Array;
  readonly times: RotationTimes;
  /** How often the keys are looked at. Less than they are published ahead. */
  readonly everyMs: number;
  readonly logger: Logger;
  /** Told when a key has gone. */
  readonly onRemoved: () => void;
}

/**
 * Reads the keys, makes the first one if there is none, and from then on makes and removes keys in time.
 *
 * @throws Failure if a key can not be decrypted.
 */
export async function startKeyring(options: KeyringOptions): Promise<Keyring> {
  const { everyMs, logger } = options;
  const stopping = new AbortController();
  let held = await rotate(options, []);
  let published = publish(held);

  async function rotateForever(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(everyMs, stopping.signal);
      try {
        if (!stopping.signal.aborted) {
          held = await rotate(options, held);
          published = publish(held);
        }
      } catch (error) {
        // The keys that are held go on being good.
        logger.warn({ err: error }, "the signing keys could not be looked at");
      }
    }
  }
  const rotating = rotateForever();

  return {
    signingKey() {
      const key = signingKey(held, Date.now());
      if (key === undefined) {
        throw new Failure("unavailable", "There is no key yet to sign tokens with: try again.", {
          reason: "NO_SIGNING_KEY",
          retryAfterMs: 1_000,
        });
      }
      return key;
    },
    publicKeys: () => held.map(({ publicKey }) => publicKey),
    findPublicKey: (header, token) => published(header, token),
    async stop() {
      stopping.abort();
      await rotating;
    },
  };
}

function publish(held: readonly HeldKey[]): JWTVerifyGetKey {
  return createLocalJWKSet({ keys: held.map(({ publicKey }) => publicKey) });
}

async function rotate(options: KeyringOptions, held: readonly HeldKey[]): Promise<readonly HeldKey[]> {
  const { database, encryptionKey, logger, onRemoved } = options;
  const { keys, nowMs, made } = await database.transaction((tx) => rotateStored(tx, options));
  if (made !== undefined) {
    logger.info({ key_id: made }, "a signing key was made");
  }
  const clockDifferenceMs = Date.now() - nowMs;
  const known = new Map(held.map((key) => [key.id, key]));
  const next = await Promise.all(
    keys.map(async (stored) => ({
      ...(known.get(stored.id) ?? (await openKey(stored, encryptionKey))),
      signsFromMs: stored.signsFromMs + clockDifferenceMs,
    })),
  );
  const ids = new Set(keys.map(({ id }) => id));
  if (held.some(({ id }) => !ids.has(id))) {
    onRemoved();
  }
  return next;
}

/** Does in the database what is due. */
async function rotateStored(tx: Tx, { times, encryptionKey }: KeyringOptions) {
  const nowMs = await lockSigningKeys(tx);
  const stored = await listSigningKeys(tx);
  const { nextSignsFromMs, remove } = planRotation(stored, nowMs, times);
  const kept = stored.filter(({ id }) => !remove.includes(id));
  if (remove.length > 0) {
    deleteSigningKeys(tx, remove);
  }
  if (nextSignsFromMs === undefined) {
    return { keys: kept, nowMs, made: undefined };
  }
  const key = await makeKey(nextSignsFromMs, encryptionKey);
  insertSigningKey(tx, key);
  return { keys: [...kept, key], nowMs, made: key.id };
}

async function makeKey(signsFromMs: number, encryptionKey: Uint8Array): Promise<StoredKey> {
  const id = randomUUID();
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const published = { ...(await exportJWK(publicKey)), kid: id, alg: "ES256", use: "sig" };
  return {
    id,
    publicKey: JSON.stringify(published),
    sealedPrivateKey: sealKey(JSON.stringify(await exportJWK(privateKey)), id, encryptionKey),
    signsFromMs,
  };
}

async function openKey(stored: StoredKey, encryptionKey: Uint8Array): Promise<Omit<HeldKey, "signsFromMs">> {
  const jwk = JSON.parse(unsealKey(stored.sealedPrivateKey, stored.id, encryptionKey)) as JWK;
  const privateKey = (await importJWK(jwk, "ES256")) as CryptoKey;
  return { id: stored.id, privateKey, publicKey: JSON.parse(stored.publicKey) as JWK };
}

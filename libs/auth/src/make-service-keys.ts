import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";

/** The files that `makeServiceKeys` made: what to configure services with. */
export interface ServiceKeyFiles {
  /** SERVICE_KEYS_FILE of every service. */
  readonly publicKeysFile: string;
  /** SERVICE_KEY_FILE of each service, by its name. */
  readonly privateKeyFiles: Readonly<Record<string, string>>;
}

/**
 * Makes a key for each service that has none yet in this folder, readable for the owner of the files only, and writes
 * the public ones into one set. For one machine: where services run on several, each makes its own key.
 */
export async function makeServiceKeys(
  directory: string,
  services: readonly string[],
): Promise<ServiceKeyFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const publicKeysFile = join(directory, "service-keys.json");
  const privateKeyFiles = Object.fromEntries(
    services.map((name) => [name, join(directory, `${name}.key.json`)]),
  );
  const keys = await Promise.all(
    Object.entries(privateKeyFiles).map(
      async ([name, file]) => (await readKey(file)) ?? (await makeKey(name, file)),
    ),
  );
  await replaceFile(publicKeysFile, JSON.stringify({ keys: keys.map(publicPart) }));
  return { publicKeysFile, privateKeyFiles };
}

async function readKey(file: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

async function makeKey(name: string, file: string): Promise<JWK> {
  const key = await generateServiceKey(name);
  await replaceFile(file, JSON.stringify(key));
  return key;
}

/** A private key whose kid is the service's name. */
export async function generateServiceKey(name: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: name, alg: "ES256", use: "sig" };
}

export function publicPart({ kty, crv, x, y, kid, alg, use }: JWK): JWK {
  return { kty, crv, x, y, kid, alg, use } as JWK;
}

/** Whole or not at all: a service that starts meanwhile must not read half a key. */
async function replaceFile(file: string, content: string): Promise<void> {
  const unfinished = `${file}.${randomBytes(4).toString("hex")}`;
  await writeFile(unfinished, `${content}\n`, { mode: 0o600, flag: "wx" });
  await rename(unfinished, file);
}

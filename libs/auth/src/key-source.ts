import { readFile } from "node:fs/promises";
import { Failure } from "@ordermesh/failure/failure";
import type { JWK } from "jose";

/** Where a key, or a set of keys, is to be found: as JSON in a variable or in a file. */
export type KeySource = { readonly json: string } | { readonly file: string };

/**
 * Reads the public keys of services from a JWKS: name → key.
 *
 * @throws Failure that says what is wrong with it, without its content.
 */
export async function readServiceKeys(source: KeySource): Promise<readonly JWK[]> {
  const { keys } = (await readJson(source)) as { keys?: JWK[] };
  if (!Array.isArray(keys) || keys.length === 0) {
    throw unusable(source, "has no list of keys");
  }
  for (const key of keys) {
    checkKey(source, key);
    if ("d" in key) {
      throw unusable(source, `has the private key of ${key.kid}, and should have the public one`);
    }
  }
  return keys;
}

/** Reads the private key of one service. @throws Failure like readServiceKeys. */
export async function readOwnKey(source: KeySource, service: string): Promise<JWK> {
  const key = (await readJson(source)) as JWK;
  checkKey(source, key);
  if (typeof key.d !== "string") {
    throw unusable(source, "has no private key");
  }
  if (key.kid !== service) {
    throw unusable(source, `is the key of ${key.kid}, and not of ${service}`);
  }
  return key;
}

async function readJson(source: KeySource): Promise<object> {
  let parsed: unknown;
  try {
    parsed = JSON.parse("json" in source ? source.json : await readFile(source.file, "utf8"));
  } catch (error) {
    // The parser quotes what it read, and that may be a private key.
    const code = (error as NodeJS.ErrnoException).code ?? "no JSON";
    throw unusable(source, `can not be read (${code})`);
  }
  if (typeof parsed !== "object" || parsed === null) {
    throw unusable(source, "is no JSON object");
  }
  return parsed;
}

function checkKey(source: KeySource, key: JWK): void {
  if (key?.kty !== "EC" || key.crv !== "P-256" || typeof key.kid !== "string" || key.kid === "") {
    throw unusable(source, "has a key that is not EC P-256 with the service's name as its kid");
  }
}

function unusable(source: KeySource, problem: string): Failure {
  const where = "file" in source ? `The key file ${source.file}` : "The key in the environment";
  return new Failure("failed_precondition", `${where} ${problem}.`, { reason: "BAD_KEY" });
}

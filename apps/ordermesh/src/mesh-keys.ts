import { randomBytes } from "node:crypto";
import { link, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeServiceKeys, type ServiceKeyFiles } from "@ordermesh/auth/make-service-keys";

/** The name under which this command line calls services. */
export const ownName = "ordermesh";

/** Key files of a mesh on one machine. */
export interface MeshKeys extends ServiceKeyFiles {
  /** What identity encrypts its signing keys with, in its database. */
  readonly keyEncryptionKeyFile: string;
  /** What loms keeps voucher codes with, and notifications reads the one that it sends. */
  readonly voucherKeyFile: string;
  /** What the gateway remembers writes under, in its database. */
  readonly gatewayKeyFile: string;
  /** What tables makes the secrets in guests' links with. */
  readonly tablesKeyFile: string;
}

/**
 * Makes what is missing of the keys of a mesh, readable for the owner of the files only.
 *
 * @param directory holds keys and nothing else.
 */
export async function makeMeshKeys(directory: string, services: readonly string[]): Promise<MeshKeys> {
  const files = await makeServiceKeys(directory, [...new Set([...services, ownName])]);
  const keyEncryptionKeyFile = join(directory, "identity-encryption.key");
  await makeOnce(keyEncryptionKeyFile, `${randomBytes(32).toString("base64")}\n`);
  const voucherKeyFile = join(directory, "voucher.key");
  await makeOnce(voucherKeyFile, `${randomBytes(32).toString("base64")}\n`);
  // Not gateway.key: beside gateway.key.json, which is its key as a service, one would be taken for the other.
  const gatewayKeyFile = join(directory, "gateway-idempotency.key");
  await makeOnce(gatewayKeyFile, `${randomBytes(32).toString("base64")}\n`);
  const tablesKeyFile = join(directory, "table-links.key");
  await makeOnce(tablesKeyFile, `${randomBytes(32).toString("base64")}\n`);
  return { ...files, keyEncryptionKeyFile, voucherKeyFile, gatewayKeyFile, tablesKeyFile };
}

/** The private key of this command line itself. */
export function ownKeyFile(directory: string): string {
  return join(directory, `${ownName}.key.json`);
}

/** Whole or not at all, and never a second time: what is encrypted with it could not be read any more. */
async function makeOnce(file: string, content: string): Promise<void> {
  const unfinished = `${file}.${randomBytes(4).toString("hex")}`;
  await writeFile(unfinished, content, { mode: 0o600, flag: "wx" });
  try {
    await link(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
  } finally {
    await rm(unfinished);
  }
}

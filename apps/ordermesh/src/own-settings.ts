import { join, resolve } from "node:path";
import type { KeySource } from "@ordermesh/auth/key-source";
import type { ConfigReader } from "@ordermesh/config/config";
import { checkoutFolder } from "./checkout-folder.ts";
import { partsOfDataFolder } from "./data-folder.ts";
import { ownKeyFile } from "./mesh-keys.ts";

/** Where a mesh on this machine keeps its data. Absolute. */
export function readDataDirectory(read: ConfigReader): string {
  return resolve(read.string("ORDERMESH_DATA_DIRECTORY", join(checkoutFolder, ".data")));
}

/** This command line's own private key. Undefined with AUTH=off: no service asks who calls. */
export function readOwnKeySource(read: ConfigReader): KeySource | undefined {
  if (read.oneOf("AUTH", ["on", "off"], "on") === "off") {
    return undefined;
  }
  const json = read.optionalString("SERVICE_KEY");
  return json === undefined
    ? { file: read.string("SERVICE_KEY_FILE", ownKeyFile(partsOfDataFolder(readDataDirectory(read)).keys)) }
    : { json };
}

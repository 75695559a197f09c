import { resolve } from "node:path";
import type { Command } from "commander";
import { explainUnwritable } from "./data-folder.ts";
import { makeMeshKeys } from "./mesh-keys.ts";
import { services } from "./programs.ts";

/** For installations that `up` does not start: it makes its keys itself. */
export function addKeysCommand(program: Command): void {
  program
    .command("keys")
    .description("Make the keys of a mesh in a folder, as far as they are missing.")
    .argument("<folder>", "made if it is not there; nobody else should be able to read it")
    .action(async (folder: string) => {
      const directory = resolve(folder);
      const names = services.map(({ name }) => name);
      const keys = await explainUnwritable(directory, () => makeMeshKeys(directory, names));
      const lines = [
        `SERVICE_KEYS_FILE of every service: ${keys.publicKeysFile}`,
        ...Object.entries(keys.privateKeyFiles).map(([name, file]) => `SERVICE_KEY_FILE of ${name}: ${file}`),
        `IDENTITY_KEY_ENCRYPTION_KEY_FILE of identity: ${keys.keyEncryptionKeyFile}`,
        `VOUCHER_KEY_FILE of loms and notifications: ${keys.voucherKeyFile}`,
        `GATEWAY_KEY_FILE of gateway: ${keys.gatewayKeyFile}`,
        `TABLES_KEY_FILE of tables: ${keys.tablesKeyFile}`,
      ];
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}

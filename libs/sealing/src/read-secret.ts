import { readFileSync } from "node:fs";
import type { ConfigReader } from "@ordermesh/config/config";

const secretBytes = 32;

/**
 * Reads a secret of 32 bytes in base64, from the variable itself or from the file that `<name>_FILE` names.
 *
 * @returns undefined if neither is set.
 */
export function readSecret(read: ConfigReader, name: string): Uint8Array | undefined {
  const text = readText(read, name);
  if (text === undefined) {
    return undefined;
  }
  const secret = Buffer.from(text, "base64");
  if (secret.length !== secretBytes) {
    // The value is not shown: it may be nearly right.
    read.problem(
      `${name}, or the file that ${name}_FILE names, must be ${secretBytes} bytes in base64: ` +
        "`openssl rand -base64 32` makes them.",
    );
    return undefined;
  }
  return secret;
}

function readText(read: ConfigReader, name: string): string | undefined {
  const text = read.optionalString(name);
  const file = read.optionalString(`${name}_FILE`);
  if (text !== undefined || file === undefined) {
    return text;
  }
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    read.problem(`${name}_FILE can not be read (${(error as NodeJS.ErrnoException).code}).`);
    return undefined;
  }
}

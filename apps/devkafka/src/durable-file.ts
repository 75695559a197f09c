import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";

/** Replaces a file as a whole: after a crash there is the old content or the new one, never a mixture. */
export function replaceFile(path: string, content: string): void {
  const next = `${path}.next`;
  const descriptor = openSync(next, "w");
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(next, path);
}

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./step.mjs";

/**
 * Names the content of files and folders. Content and not times, because a checkout of an older commit, a copy and an
 * archive all keep or set times that say nothing.
 *
 * @param {string[]} places relative to the checkout; what does not exist counts as empty
 * @param {(path: string) => boolean} matters which of the files in the folders count
 */
export function fingerprint(places, matters = () => true) {
  const hash = createHash("sha256");
  for (const place of places) {
    for (const file of filesIn(join(root, place))) {
      if (matters(file)) {
        const content = readFileSync(file);
        hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
      }
    }
  }
  return hash.digest("hex");
}

function filesIn(place) {
  let entries;
  try {
    entries = readdirSync(place, { withFileTypes: true });
  } catch (error) {
    return error.code === "ENOTDIR" ? [place] : [];
  }
  return entries
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(place, entry.name)) : [join(place, entry.name)]));
}

/** Whether a stamp file holds this fingerprint: what it stands for was made from this content. */
export function isStamped(stampFile, content) {
  try {
    return readFileSync(join(root, stampFile), "utf8") === content;
  } catch {
    return false;
  }
}

/** Says that something is about to be made anew, so that an interrupted attempt does not count. */
export function removeStamp(stampFile) {
  rmSync(join(root, stampFile), { force: true });
}

export function writeStamp(stampFile, content) {
  mkdirSync(dirname(join(root, stampFile)), { recursive: true });
  writeFileSync(join(root, stampFile), content);
}

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";

/** The root of the checkout. */
export const root = join(import.meta.dirname, "..", "..");

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** All files below a folder or several, as paths from the root. Installed packages are not ours. */
export function filesBelow(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path)),
  );
}

/** The folders of apps or libs that exist. */
export function packageFolders(parent: "apps" | "libs"): string[] {
  return readdirSync(join(root, parent)).map((name) => join(parent, name));
}

export function isFolder(path: string): boolean {
  return statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Reads a YAML file of one or more documents.
 *
 * @throws Error that names the file and the line of what is wrong: syntax, doubled keys, unknown anchors.
 */
export function readYamlDocuments(path: string): unknown[] {
  return parseAllDocuments(readText(path), { merge: true, uniqueKeys: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) {
      throw new Error(`${path}: ${problem.message}`);
    }
    return document.toJS();
  });
}

export function readYaml<Content>(path: string): Content {
  const documents = readYamlDocuments(path);
  if (documents.length !== 1) {
    throw new Error(`${path} has ${documents.length} documents and should have one.`);
  }
  return documents[0] as Content;
}

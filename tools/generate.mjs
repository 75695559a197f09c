import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, isStamped, removeStamp, writeStamp } from "./fingerprint.mjs";
import { root, runTool, timed } from "./step.mjs";
import { withWorkspaceLock } from "./workspace-lock.mjs";

/** buf empties the folder before it writes, and so removes the stamp as well. */
const stampFile = "proto/gen/.generated";
const timeoutMs = 120_000;

function wanted() {
  const isContract = (path) => !path.startsWith(join(root, "proto", "gen")) && path.endsWith(".proto");
  const contracts = fingerprint(["proto"], isContract);
  const generators = [
    "tools/contract-documents",
    "tools/protoc-gen-openapi.ts",
    "tools/protoc-gen-asyncapi.ts",
  ];
  return `${contracts} ${fingerprint(["buf.gen.yaml", "buf.yaml", "pnpm-lock.yaml", ...generators])}`;
}

export function isGenerated() {
  return isStamped(stampFile, wanted());
}

/**
 * Makes the TypeScript of the contracts. From an image of all of them, because buf starts its plugin once for each
 * module that it is given, and that takes longer than the work.
 */
export async function generate() {
  removeStamp(stampFile);
  const programs = join(root, "node_modules", ".bin");
  const options = {
    // buf looks for its plugins in the search path.
    environment: { PATH: `${programs}${delimiter}${process.env.PATH ?? ""}` },
    timeoutMs,
    whenItFails: "The contracts' code could not be generated: see above",
  };
  const image = join(root, ".build", "contracts.binpb");
  mkdirSync(dirname(image), { recursive: true });
  await runTool(join(programs, "buf"), ["build", "proto", "--output", image], options);
  await runTool(join(programs, "buf"), ["generate", image], options);
  writeStamp(stampFile, wanted());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await withWorkspaceLock(() => timed("generate the contracts' code", generate));
}

import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { MeshProcess } from "../harness/mesh-process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The lines of a document that a reader pastes into a shell. */
export function shellBlocks(path: string): string {
  const text = readFileSync(`${root}${path}`, "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block).join("");
}

/** buf itself, without npx and its wrapper, which take longer to start than its two hundred calls take. */
function bufProgram(): string {
  // The package of this platform lies beside the wrapper, where the link in our node_modules leads to.
  const wrapper = `${realpathSync(`${root}node_modules/@bufbuild/buf`)}/`;
  const cpu = process.arch === "arm64" && process.platform === "linux" ? "aarch64" : process.arch;
  try {
    return createRequire(`${wrapper}package.json`).resolve(
      `@bufbuild/buf-${process.platform}-${cpu}/bin/buf`,
    );
  } catch {
    return `${wrapper}bin/buf`;
  }
}

/** The lines as they stand, with the ports of this mesh in place of the usual ones. */
export function onMesh(mesh: MeshProcess, script: string): string {
  const ports = {
    50051: "loms",
    50052: "checkout",
    50053: "product",
    50054: "payments",
    50055: "notifications",
    50056: "tables",
    50057: "identity",
    8080: "gateway",
  } as const;
  return Object.entries(ports).reduce(
    (text, [port, service]) => {
      const own = mesh.addresses[service].split(":")[1] ?? "";
      return text
        .replaceAll(`localhost:${port}`, `localhost:${own}`)
        .replaceAll(`call ${port}`, `call ${own}`);
    },
    script.replaceAll("npx buf ", `${bufProgram()} `),
  );
}

import { fingerprint, isStamped, removeStamp, writeStamp } from "./fingerprint.mjs";
import { runTool } from "./step.mjs";

const pnpm = "pnpm@10.34.9";
/** Lies in the folder that it speaks for, so that it goes when the folder goes. */
const stampFile = "node_modules/.ordermesh-installed";
const timeoutMs = 900_000;

function wanted() {
  // Packages with programs differ by platform, and a checkout may be shared between two.
  return `${process.platform}-${process.arch} ${fingerprint(["pnpm-lock.yaml", "pnpm-workspace.yaml"])}`;
}

export function isInstalled() {
  return isStamped(stampFile, wanted());
}

/** Installs what the lock file names, with the pnpm that wrote it, whatever pnpm is installed or is not. */
export async function install() {
  removeStamp(stampFile);
  const settings = [
    // pnpm would fetch the version that package.json names, and it is running already.
    "--config.manage-package-manager-versions=false",
    // Without a terminal to ask at, it would stop when it wants to replace an old node_modules.
    "--config.confirm-modules-purge=false",
    "--config.update-notifier=false",
  ];
  await runTool("npx", ["-y", pnpm, "install", "--frozen-lockfile", ...settings], {
    timeoutMs,
    whenItFails:
      "The packages could not be installed: see above, and check that the npm registry can be reached",
  });
  writeStamp(stampFile, wanted());
}

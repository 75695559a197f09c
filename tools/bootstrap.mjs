// What `npm start`, `npm test`, `npm run demo` and `npx ordermesh` go through, on a fresh checkout too. This file uses
// nothing that a Node too old for the rest could not read.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Ordermesh needs Node 20.19 or newer, and this is ${process.version}: install a newer one from https://nodejs.org and try again.\n`,
  );
  process.exit(1);
}
const { prepareAndRun } = await import("./prepare-and-run.mjs");
await prepareAndRun(process.argv.slice(2));

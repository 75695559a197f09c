import { claimFile } from "@ordermesh/embedded/claim";

/** Claims the file that each message names, and answers whether it got it. Ends with its parent. */
process.on("message", async (path: string) => {
  const outcome = await claimFile(path);
  process.send?.(outcome.kind);
});
process.on("disconnect", () => process.exit(0));
process.send?.("started");

import type { TestProject } from "vitest/node";
import { startMeshProcess } from "../harness/mesh-process.ts";
import { findChromium, noChromium } from "./chromium.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the gateway of the mesh that all tests of pages share; empty where there is no Chromium. */
    readonly webUrl: string;
    /** Empty where there is no Chromium, and for a mesh that ran already. */
    readonly lomsDatabaseUrl: string;
  }
}

/**
 * One mesh for all tests of pages: each of them registers people of its own, and meets nobody else's. Whoever writes
 * them names one that runs already with WEB_URL.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (findChromium() === undefined) {
    process.stderr.write(`${noChromium}\n`);
    project.provide("webUrl", "");
    project.provide("lomsDatabaseUrl", "");
    return undefined;
  }
  const running = process.env.WEB_URL;
  if (running !== undefined && running !== "") {
    project.provide("webUrl", running);
    project.provide("lomsDatabaseUrl", process.env.WEB_LOMS_DATABASE_URL ?? "");
    return undefined;
  }
  const mesh = await startMeshProcess(webMeshSettings);
  project.provide("webUrl", `http://${mesh.addresses.gateway}`);
  project.provide("lomsDatabaseUrl", mesh.databaseUrls.loms ?? "");
  return async () => {
    await mesh.stop();
  };
}

/** As `npm start` runs it, but for limits that are meant for people and not for tests. */
export const webMeshSettings = {
  GATEWAY_CREDENTIAL_REQUESTS_PER_SECOND: "200",
  GATEWAY_CREDENTIAL_REQUESTS_BURST: "1000",
  GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "5000",
  GATEWAY_ADDRESS_REQUESTS_BURST: "10000",
} as const;

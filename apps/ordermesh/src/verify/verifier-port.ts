import { findFreePort, isPortFree } from "@ordermesh/embedded/port";
import type { MeshConfig } from "../config.ts";

/**
 * Settles where verifications are served before anything starts, so that the gateway can be told. A port that somebody else
 * has is no reason to stop: another one does as well.
 */
export async function withVerifier(config: MeshConfig): Promise<MeshConfig> {
  const { verifierPort: wanted } = config;
  if (wanted === undefined) {
    return config;
  }
  const verifierPort = wanted !== 0 && (await isPortFree(wanted)) ? wanted : await findFreePort();
  return {
    ...config,
    verifierPort,
    environment: { ...config.environment, VERIFY_ADDRESS: `127.0.0.1:${verifierPort}` },
  };
}

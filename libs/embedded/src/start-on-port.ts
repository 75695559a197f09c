import { Failure } from "@ordermesh/failure/failure";
import { pause } from "@ordermesh/process/wait";
import { findFreePort, findPortHolder, isPortFree } from "./port.ts";
import { type Server, type ServerLaunch, startServer } from "./server.ts";

/** How to start the server on a port that is chosen later. */
export type Launch = (port: number) => ServerLaunch;

/** @throws Failure PORT_TAKEN when a wanted port is taken; 0 is never. */
export async function checkPort(port: number): Promise<void> {
  if (port !== 0 && !(await isPortFree(port))) {
    throw await portTaken(port);
  }
}

const freePortTries = 5;

/**
 * Starts the server on a port, or on any free one for 0.
 *
 * @throws Failure PORT_TAKEN that says who holds it, and what startServer throws.
 */
export async function startOnPort(port: number, launch: Launch): Promise<Server> {
  if (port !== 0) {
    return startUntilMemoryIsFree(launch(port), () => portTaken(port));
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const freePort = await findFreePort();
      return await startUntilMemoryIsFree(launch(freePort), () => portTaken(freePort));
    } catch (error) {
      // Somebody else may take a free port before PostgreSQL does.
      const isUnlucky = error instanceof Failure && error.reason === "PORT_TAKEN";
      if (!isUnlucky || attempt >= freePortTries) {
        throw error;
      }
    }
  }
}

const backendsEndWithinMs = 10_000;

/** Backends of a killed server end by themselves, but not at once, and no new server may start before. */
async function startUntilMemoryIsFree(
  launch: ServerLaunch,
  onPortTaken: () => Promise<Failure>,
): Promise<Server> {
  const deadline = Date.now() + backendsEndWithinMs;
  for (;;) {
    try {
      return await startServer(launch);
    } catch (error) {
      const reason = error instanceof Failure ? error.reason : "";
      if (reason === "PORT_TAKEN") {
        throw await onPortTaken();
      }
      if (reason !== "MEMORY_IN_USE" || Date.now() > deadline) {
        throw error;
      }
      await pause(100);
    }
  }
}

async function portTaken(port: number): Promise<Failure> {
  const holder = await findPortHolder(port);
  const who =
    holder === undefined ? "another program" : `process ${holder.pid} (${holder.command.slice(0, 100)})`;
  return new Failure(
    "failed_precondition",
    `Port ${port}, which PostgreSQL needs, is taken by ${who}: stop it or choose another port.`,
    { reason: "PORT_TAKEN", metadata: { port: String(port) } },
  );
}

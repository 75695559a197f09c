import { findFreePort, findPortHolder, isPortFree } from "@ordermesh/embedded/port";
import { Failure } from "@ordermesh/failure/failure";
import type { MeshConfig } from "./config.ts";
import type { Program } from "./programs.ts";

/** By the program's name. */
export type ProgramAddresses = ReadonlyMap<string, ProgramAddress>;

/** Where a program listens, and where others reach it. */
export interface ProgramAddress {
  readonly host: string;
  readonly port: number;
  /** The host to connect to: listening on all of them is no address. */
  readonly reachableHost: string;
  /** As others connect to it, such as 127.0.0.1:50051. */
  readonly target: string;
}

/**
 * Settles where each program will listen, and checks that it can.
 *
 * @throws Failure with one line per taken port: who probably holds it and which variable changes it.
 */
export async function choosePorts(
  programs: readonly Program[],
  config: MeshConfig,
): Promise<ProgramAddresses> {
  const chosen = new Map<string, ProgramAddress>();
  const taken: string[] = [];
  for (const program of programs) {
    const wanted = config.addresses[program.name] ?? { host: "127.0.0.1", port: program.port.standard };
    const port = wanted.port === 0 ? await findFreePort() : wanted.port;
    if (!(await isPortFree(port))) {
      taken.push(await describeTakenPort(program, port));
    }
    const { host } = wanted;
    const reachableHost = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    chosen.set(program.name, { host, port, reachableHost, target: `${reachableHost}:${port}` });
  }
  if (taken.length > 0) {
    throw new Failure("failed_precondition", taken.join("\n"), { reason: "PORT_TAKEN" });
  }
  return chosen;
}

async function describeTakenPort({ name, port: setting }: Program, port: number): Promise<string> {
  const holder = await findPortHolder(port);
  const who =
    holder === undefined ? "another program" : `process ${holder.pid} (${holder.command.slice(0, 100)})`;
  return `Port ${port}, which ${name} needs, is taken by ${who}: stop it, or choose another port with ${setting.variable}.`;
}

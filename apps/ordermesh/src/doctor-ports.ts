import { locateDataDirectory } from "@ordermesh/embedded/data-directory";
import { findPortHolder, isPortFree, type PortHolder } from "@ordermesh/embedded/port";
import { findRunningPostmaster } from "@ordermesh/embedded/postmaster";
import type { MeshConfig } from "./config.ts";
import { partsOfDataFolder } from "./data-folder.ts";
import type { Finding } from "./doctor.ts";
import { findNotedProcesses } from "./leftovers.ts";
import { broker, postgresPort, services } from "./programs.ts";

/** Whether each port is free, held by our own program, or taken. Ports of what is given are not looked at. */
export async function checkPorts(config: MeshConfig): Promise<Finding[]> {
  const { run, postgres } = partsOfDataFolder(config.dataDirectory);
  const noted = await findNotedProcesses(run);
  const postmaster = await findRunningPostmaster(await locateDataDirectory(postgres)).catch(() => undefined);
  const ours = new Set(noted.map(({ identity }) => identity.pid));
  if (postmaster !== undefined) {
    ours.add(postmaster.identity.pid);
  }
  const wanted = [...services, ...(config.kafkaBrokers === undefined ? [broker] : [])].map((program) => ({
    name: program.name,
    variable: program.port.variable,
    port: config.addresses[program.name]?.port ?? program.port.standard,
  }));
  if (services.some(({ name }) => config.databaseUrls[name] === undefined)) {
    wanted.push({ name: "PostgreSQL", variable: postgresPort.variable, port: config.postgresPort });
  }
  return Promise.all(wanted.map((entry) => checkPort(entry, ours)));
}

async function checkPort(
  { name, variable, port }: { name: string; variable: string; port: number },
  ours: ReadonlySet<number>,
): Promise<Finding> {
  const subject = `port ${port} (${name})`;
  if (port === 0) {
    return { subject, state: "ok", detail: "any free port" };
  }
  if (await isPortFree(port)) {
    return { subject, state: "ok", detail: "free" };
  }
  const holder: PortHolder | undefined = await findPortHolder(port);
  if (holder !== undefined && ours.has(holder.pid)) {
    return { subject, state: "ok", detail: `held by our ${name} (process ${holder.pid})` };
  }
  const who =
    holder === undefined ? "another program" : `process ${holder.pid} (${holder.command.slice(0, 100)})`;
  return {
    subject,
    state: "problem",
    detail: `taken by ${who}`,
    advice: `stop that program, or choose another port with ${variable}`,
  };
}

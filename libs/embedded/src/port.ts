import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { identifyProcess } from "./process-identity.ts";

const host = "127.0.0.1";

/** A TCP port of 127.0.0.1 that is free now. Another process may take it before you do: be ready to ask again. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Whether we could listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether something accepts TCP connections there within the time. */
export function acceptsConnections(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: timeoutMs });
    const finish = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("timeout", () => finish(false));
  });
}

/** The process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

/** Who listens on a TCP port, as far as we may see it: processes of other users stay hidden unless we are root. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  const pid =
    process.platform === "linux" ? await findListenerInProc(port) : await findListenerWithLsof(port);
  if (pid === undefined) {
    return undefined;
  }
  const identity = await identifyProcess(pid);
  return identity === undefined ? undefined : { pid, command: identity.command };
}

async function findListenerInProc(port: number): Promise<number | undefined> {
  const sockets = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      const [localAddress, state, inode] = [columns[1], columns[3], columns[9]];
      const isListening = state === "0A";
      if (
        isListening &&
        localAddress !== undefined &&
        Number.parseInt(localAddress.split(":")[1] ?? "", 16) === port
      ) {
        sockets.add(`socket:[${inode}]`);
      }
    }
  }
  if (sockets.size === 0) {
    return undefined;
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      if (sockets.has(target)) {
        return Number(pid);
      }
    }
  }
  return undefined;
}

function findListenerWithLsof(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile(
      "lsof",
      ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fp"],
      { timeout: 5_000 },
      (_error, output) => {
        const pid = /^p(\d+)/m.exec(output)?.[1];
        resolve(pid === undefined ? undefined : Number(pid));
      },
    );
  });
}

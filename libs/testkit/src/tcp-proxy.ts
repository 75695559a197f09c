import { createConnection, createServer, type Socket } from "node:net";

/** A link that a test can cut or make silent, with no flag in the product. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections were cut or silenced so far: a fault test fails if this stays 0. */
  faults(): number;
  /** Ends all present connections abruptly. */
  cut(): void;
  /** Passes nothing on, on present and new connections, without closing them: a black hole. */
  silence(): void;
  /** Refuses new connections and cuts present ones, until `heal`. */
  refuse(): void;
  /**
   * Lets requests pass, and swallows the next bytes that come back on one connection; it is cut once there were so many
   * of them. With more than a few bytes what was asked has been done, and nobody hears of it.
   */
  loseReply(bytes: number): void;
  /** How many connections were cut by loseReply so far. */
  repliesLost(): number;
  /** Works again. Connections that were silenced are cut, because what they swallowed is lost. */
  heal(): void;
  close(): Promise<void>;
}

interface Link {
  readonly inner: Socket;
  readonly outer: Socket;
}

export async function startTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode: "open" | "silent" | "refusing" = "open";
  let faults = 0;
  let repliesLost = 0;
  let losing: { bytesLeft: number; link?: Link } | undefined;

  const server = createServer((outer) => {
    if (mode === "refusing") {
      faults += 1;
      outer.resetAndDestroy();
      return;
    }
    const inner = createConnection(target);
    const link = { inner, outer };
    links.add(link);
    const end = () => {
      links.delete(link);
      inner.destroy();
      outer.destroy();
      if (losing?.link === link) {
        losing = undefined;
      }
    };
    for (const [from, to] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (chunk) => {
        if (mode !== "silent" && !(from === inner && isLost(link, chunk))) {
          to.write(chunk);
        }
      });
      from.on("error", end);
      from.on("close", end);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("The proxy has no port.");
  }

  function isLost(link: Link, chunk: Buffer): boolean {
    if (losing === undefined || (losing.link ?? link) !== link) {
      return false;
    }
    losing.link = link;
    losing.bytesLeft -= chunk.byteLength;
    if (losing.bytesLeft <= 0) {
      losing = undefined;
      repliesLost += 1;
      cutLink(link);
    }
    return true;
  }

  function cutLink(link: Link): void {
    faults += 1;
    links.delete(link);
    link.outer.resetAndDestroy();
    link.inner.resetAndDestroy();
  }

  function cut(): void {
    links.forEach(cutLink);
  }

  return {
    port: address.port,
    faults: () => faults,
    cut,
    silence() {
      mode = "silent";
      faults += links.size;
    },
    refuse() {
      mode = "refusing";
      cut();
    },
    loseReply(bytes) {
      losing = { bytesLeft: bytes };
    },
    repliesLost: () => repliesLost,
    heal() {
      losing = undefined;
      if (mode === "silent") {
        cut();
      }
      mode = "open";
    },
    async close() {
      mode = "refusing";
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

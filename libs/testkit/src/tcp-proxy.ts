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
    };
    for (const [from, to] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (chunk) => {
        if (mode !== "silent") {
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

  function cut(): void {
    faults += links.size;
    for (const { outer, inner } of links) {
      outer.resetAndDestroy();
      inner.resetAndDestroy();
    }
    links.clear();
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
    heal() {
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

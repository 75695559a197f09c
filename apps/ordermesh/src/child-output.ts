import type { Readable } from "node:stream";

const lineLengthMax = 64 * 1024;

/** Calls `onLine` for every line of a stream, the unfinished last one too. Longer lines than 64 KiB come in pieces. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      onLine(line);
    }
    if (rest.length > lineLengthMax) {
      onLine(rest);
      rest = "";
    }
  });
  stream.once("close", () => {
    if (rest !== "") {
      onLine(rest);
    }
  });
}

/**
 * The part of a line that may explain a death, or undefined: an error that was logged, or what Node prints about an
 * uncaught one, without its stack and its frame.
 */
export function explanationIn(line: string, source: "stdout" | "stderr"): string | undefined {
  const text = line.trim();
  if (source === "stderr") {
    return /^(at |Node\.js v|\^|$|[{}\]]|node:|file:)/.test(text) ? undefined : text;
  }
  let entry: { level?: unknown; msg?: unknown; detail?: unknown; err?: { message?: unknown } };
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (entry?.level !== "error" && entry?.level !== "fatal") {
    return undefined;
  }
  return [entry.msg, entry.err?.message ?? entry.detail]
    .filter((part) => typeof part === "string")
    .join(": ");
}

/** Keeps the last few of what is added. */
export function keepLast<Item>(count: number): { add(item: Item): void; items(): readonly Item[] } {
  const kept: Item[] = [];
  return {
    add(item) {
      kept.push(item);
      if (kept.length > count) {
        kept.shift();
      }
    },
    items: () => kept,
  };
}

import { readdirSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Profile {
  readonly app: string;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where the time of the busiest process of an app went. */
export interface ProfileSummary {
  readonly app: string;
  readonly busyMs: number;
  /** A library, one of our files, or a part of Node, with its share of the busy time, largest first. */
  readonly costs: readonly { readonly where: string; readonly share: number }[];
}

/** Reads what profiler.mjs wrote. Time is what a function used itself, not what it called. */
export function readProfiles(directory: string): ProfileSummary[] {
  const busiest = new Map<string, ProfileSummary>();
  for (const file of readdirSync(directory).filter((name) => name.endsWith(".cpuprofile"))) {
    const summary = summarize(JSON.parse(readFileSync(join(directory, file), "utf8")));
    if (summary.busyMs > (busiest.get(summary.app)?.busyMs ?? 0)) {
      busiest.set(summary.app, summary);
    }
  }
  return [...busiest.values()];
}

function summarize(profile: Profile): ProfileSummary {
  const sources = new Map<string, SourceMap | undefined>();
  const whereById = new Map(profile.nodes.map((node) => [node.id, placeOf(node.callFrame, sources)]));
  const microseconds = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const where = whereById.get(id);
    if (where !== undefined) {
      microseconds.set(where, (microseconds.get(where) ?? 0) + (profile.timeDeltas[index] ?? 0));
    }
  });
  const busy = [...microseconds.values()].reduce((sum, time) => sum + time, 0);
  const costs = [...microseconds]
    .map(([where, time]) => ({ where, share: time / busy }))
    .sort((a, b) => b.share - a.share);
  return { app: profile.app, busyMs: busy / 1000, costs };
}

/** @returns undefined while the process had nothing to do. */
function placeOf(
  frame: Profile["nodes"][number]["callFrame"],
  sources: Map<string, SourceMap | undefined>,
): string | undefined {
  if (frame.functionName === "(idle)") {
    return undefined;
  }
  if (frame.url === "") {
    return frame.functionName === "(garbage collector)" ? "garbage collector" : "Node's native code";
  }
  if (frame.url.startsWith("node:")) {
    return frame.url.split("/").slice(0, 2).join("/");
  }
  if (!sources.has(frame.url)) {
    sources.set(frame.url, readSourceMap(frame.url));
  }
  const entry = sources.get(frame.url)?.findEntry(frame.lineNumber, frame.columnNumber);
  // What the bundle itself adds, between the files, has an entry without a source.
  const source =
    (entry !== undefined && "originalSource" in entry ? entry.originalSource : undefined) ?? frame.url;
  const library = /node_modules\/(?!.*node_modules\/)((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
  return library ?? source.replace(/^(?:file:\/\/)?.*?((?:apps|libs|proto)\/)/, "$1");
}

function readSourceMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, "utf8")));
  } catch {
    return undefined;
  }
}

const shownElsewhere = new Set(["level", "time", "service", "msg", "err"]);

/**
 * Turns one JSON log line into a line for people: `12:30:01.250 loms info order paid order_id=17`. A line that is
 * not JSON is returned as it is.
 */
export function readableLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line);
  } catch {
    return line.trimEnd();
  }
  if (typeof entry !== "object" || entry === null || typeof entry.msg !== "string") {
    return line.trimEnd();
  }
  const time = typeof entry.time === "string" ? entry.time.slice(11, 23) : "";
  const fields = Object.entries(entry)
    .filter(([name]) => !shownElsewhere.has(name))
    .map(
      ([name, value]) =>
        `${name}=${typeof value === "object" ? JSON.stringify(value) : inert(String(value))}`,
    );
  const head = [
    time,
    String(entry.service ?? "").padEnd(13),
    String(entry.level ?? "").padEnd(5),
    inert(entry.msg),
  ];
  return [...head, ...fields, errorText(entry.err)].filter((part) => part !== "").join(" ");
}

/** What came from outside may hold control characters, which a terminal would obey. */
function inert(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
  return /[\u0000-\u001f\u007f-\u009f]/.test(text) ? JSON.stringify(text) : text;
}

function errorText(error: unknown): string {
  if (typeof error !== "object" || error === null) {
    return "";
  }
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  return `\n  ${String(stack ?? message ?? "unknown error").replaceAll("\n", "\n  ")}`;
}

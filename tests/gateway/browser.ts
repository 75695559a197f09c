import { type HttpAnswer, send } from "./http.ts";

/** One cookie as it was set: its value, and what the browser was told about it. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: readonly string[];
}

/** As much of a browser as seats need: it keeps cookies, and sends them to the paths that they are for. */
export interface Browser {
  /** Sends what a page of the gateway would. */
  post(path: string, options?: PageRequest): Promise<HttpAnswer & { readonly cookies: readonly SetCookie[] }>;
  /** What is kept now, by name. */
  cookies(): Readonly<Record<string, string>>;
  /** A copy, as somebody has it who stole all cookies. */
  copy(): Browser;
}

export interface PageRequest {
  readonly body?: unknown;
  readonly seat?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another gateway than the browser's own. */
  readonly url?: string;
}

export function openBrowser(url: string, kept: ReadonlyMap<string, SetCookie> = new Map()): Browser {
  const jar = new Map(kept);
  return {
    async post(path, options = {}) {
      const cookie = [...jar.values()]
        .filter(({ attributes }) => {
          const scope = attributes.find((one) => one.startsWith("Path="))?.slice("Path=".length) ?? "/";
          return path === scope || path.startsWith(`${scope}/`);
        })
        .map(({ name, value }) => `${name}=${value}`)
        .join("; ");
      const to = options.url ?? url;
      const answer = await send("POST", `${to}${path}`, {
        body: options.body ?? {},
        headers: {
          origin: to,
          ...(cookie !== "" && { cookie }),
          ...(options.seat !== undefined && { "x-ordermesh-seat": options.seat }),
          ...options.headers,
        },
      });
      const cookies = answer.headers.getSetCookie().map(parseCookie);
      for (const set of cookies) {
        if (set.attributes.includes("Max-Age=0")) {
          jar.delete(set.name);
        } else {
          jar.set(set.name, set);
        }
      }
      return { ...answer, cookies };
    },
    cookies: () => Object.fromEntries([...jar.values()].map(({ name, value }) => [name, value])),
    copy: () => openBrowser(url, jar),
  };
}

function parseCookie(text: string): SetCookie {
  const [pair = "", ...attributes] = text.split("; ");
  const [name = "", value = ""] = pair.split("=", 2);
  return { name, value, attributes };
}

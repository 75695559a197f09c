import { send } from "./http.ts";

/** A client of ordered-online, which knows no tokens and no content types. */
export function orderedOnline(url: string) {
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const {
      status,
      json,
      text: answer,
    } = await send(method, `${url}${path}`, {
      ...(text !== undefined && { body: text }),
      headers: { ...(text !== undefined && { "content-type": "text/plain;charset=UTF-8" }), ...headers },
    });
    return { status, json, text: answer };
  };
  return {
    get: (path: string, headers?: Record<string, string>) => ask("GET", path, undefined, headers),
    post: (path: string, body?: unknown, headers?: Record<string, string>) =>
      ask("POST", path, body, headers),
    ask,
    /** Status and reason, as its clients tell failures apart. */
    async refusal(method: "GET" | "POST", path: string, body?: unknown, headers?: Record<string, string>) {
      const { status, json } = await ask(method, path, body, headers);
      return `${status} ${json?.reason}`;
    },
    /** Registers somebody. @returns what every request of theirs has in its body. */
    async register(username: string) {
      const { status, json } = await ask("POST", "/verification/register/", newUser(username));
      if (status !== 200) {
        throw new Error(`${username} could not register: ${status} ${JSON.stringify(json)}`);
      }
      return { session_key: json.session_key as string, user_id: json.session_data.user_id as number };
    },
  };
}

export type OrderedOnline = ReturnType<typeof orderedOnline>;

/** What shows who it is, in the body of a request. */
export type OrderedOnlineUser = Awaited<ReturnType<OrderedOnline["register"]>>;

export const newUser = (username: string) => ({
  username,
  password: "correct horse",
  email: `${username}@example.com`,
  first_name: "Ada",
  last_name: "Lovelace",
});

let places = 0;

/** A location as its clients send it. */
export const newLocation = (changes: Record<string, unknown> = {}) => {
  places += 1;
  return {
    name: `Café ${places}`,
    description: "Calm.",
    address: `Street ${places}, 01187 Dresden`,
    user_id: 1,
    latitude: (51 + places / 1_000).toFixed(8),
    longitude: "13.72100050",
    website: null,
    telephone: null,
    categories: [{ name: "Cafe" }],
    tags: [{ name: "calm" }, { name: "insider" }],
    ...changes,
  };
};

export const newProduct = (locationId: number, changes: Record<string, unknown> = {}) => ({
  location_id: locationId,
  name: "Coffee",
  description: "Black.",
  price: "1.80",
  tags: [{ name: "stimulating" }],
  categories: [{ name: "Drink" }],
  additives: [{ name: "caffeine" }],
  ...changes,
});

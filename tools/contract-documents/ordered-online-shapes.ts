import type { Json } from "./scalar-schemas.ts";

/** What ordered-online's routes take and give, with examples. */

export const name = { type: "string", minLength: 1 };
const names = { type: "array", items: object({ name }) };
const optionalText = { type: ["string", "null"] };
const coordinate = { type: ["string", "null"], pattern: "^-?[0-9]{1,3}[.][0-9]{8}$" };
export const id = { type: "integer", minimum: 1 };
export const key = { session_key: { type: "string" }, user_id: id };

export const place = {
  name,
  description: { type: "string" },
  address: name,
  user_id: id,
  latitude: coordinate,
  longitude: coordinate,
  website: optionalText,
  telephone: optionalText,
  categories: names,
  tags: names,
};
export const dish = {
  location_id: id,
  name,
  description: { type: "string" },
  price: { type: "string", pattern: "^[0-9]+[.][0-9]{2,3}$" },
  tags: names,
  categories: names,
  additives: names,
};

export const placeExample = {
  name: "Café am Markt",
  description: "Calm.",
  address: "Markt 1, 01067 Dresden",
  user_id: 1000,
  latitude: "51.02508690",
  longitude: "13.72100050",
  website: null,
  telephone: null,
  categories: [{ name: "Cafe" }],
  tags: [{ name: "calm" }],
};
export const dishExample = {
  location_id: 1,
  name: "Coffee",
  description: "Black.",
  price: "1.80",
  tags: [{ name: "stimulating" }],
  categories: [{ name: "Drink" }],
  additives: [{ name: "caffeine" }],
};
export const keyExample = { session_key: "lDk3WfLl0pXk0Y3uV3M1rP8m2fJ4d8q0Yx7bqT9cWZA", user_id: 1000 };
export const loginExample = { session_key: keyExample.session_key, session_data: { user_id: 1000 } };
export const sessionExample = {
  code: "K7WPXE",
  name: "Tisch 1",
  location_id: 1,
  state: "OPEN",
  timestamp: "2026-11-21T12:00:00.000+00:00",
  orders: [{ id: 4200000, product_id: 7, session: "K7WPXE", timestamp: "2026-11-21T12:05:00.000+00:00" }],
};

export const orderedOnlineSchemas: Readonly<Record<string, Json>> = {
  OrderedOnlineLocation: object({ id, ...place }),
  OrderedOnlineProduct: object({ id, ...dish }),
  OrderedOnlineLogin: object({ session_key: { type: "string" }, session_data: object({ user_id: id }) }),
  OrderedOnlineSession: object({
    code: name,
    name,
    location_id: id,
    state: { type: "string", enum: ["OPEN", "CLOSED"] },
    timestamp: { type: "string", format: "date-time" },
    orders: {
      type: "array",
      items: object({
        id,
        product_id: id,
        session: name,
        timestamp: { type: "string", format: "date-time" },
      }),
    },
  }),
  OrderedOnlineRefusal: object({ reason: { type: "string" } }),
};

export function object(properties: Json): Json {
  return { type: "object", required: Object.keys(properties), properties };
}

import {
  dish,
  dishExample,
  id,
  key,
  keyExample,
  loginExample,
  name,
  object,
  place,
  placeExample,
  sessionExample,
} from "./ordered-online-shapes.ts";
import type { Json } from "./scalar-schemas.ts";

/** The routes of ordered-online, whose shapes are its own: a slash at the end, and `{"reason"}` for what is refused. */

const tag = "ordered-online";

export const orderedOnlineTag: Json = {
  name: tag,
  description:
    'The routes of ordered-online, for its clients. What is refused is `{"reason"}`. Users show a session key in the body. ' +
    "What that system asked no token for wants one here (a guest's, or the staff's), unless ORDERED_ONLINE_OPEN is set.",
};

const location = schema("OrderedOnlineLocation", { id: 1, ...placeExample });
const product = schema("OrderedOnlineProduct", { id: 7, ...dishExample });
const login = schema("OrderedOnlineLogin", loginExample);
const session = schema("OrderedOnlineSession", sessionExample);
const message = inline({ message: { type: "string" } }, { message: "logged_out" });

const locationInput = input({ ...key, location: object(place) }, { ...keyExample, location: placeExample });
const productInput = input({ ...key, product: object(dish) }, { ...keyExample, product: dishExample });
const newUser = {
  username: "ada.l",
  password: "correct horse",
  email: "ada@example.com",
  first_name: "Ada",
  last_name: "Lovelace",
};
const text = { type: "string" };

export const orderedOnlinePaths: Readonly<Record<string, Json>> = {
  "/orders/sessions/create/": post("createSession", "Opens a session; the location is the user's", session, {
    requestBody: input({ ...key, location_id: id, name }, { ...keyExample, location_id: 1, name: "Tisch 1" }),
  }),
  "/orders/sessions/get/{code}/": get("getSession", "A session", session, [inPath("code", "K7WPXE")], true),
  "/orders/sessions/close/{code}/": post(
    "closeSession",
    "Closes a session and calls off what is not served",
    session,
    {
      parameters: [inPath("code", "K7WPXE")],
      open: true,
    },
  ),
  "/orders/sessions/find/": get(
    "findSessions",
    "At most 100 sessions, with their orders",
    listOf(session),
    [inQuery("location_id", "1"), inQuery("state", "open")],
    true,
  ),
  "/orders/sessions/monitor/{code}/": get(
    "monitorSession",
    "A page that prints what comes over the session's WebSocket",
    { description: "The page.", content: { "text/html": { schema: text } } },
    [inPath("code", "K7WPXE")],
  ),
  "/orders/products/add/": post("addProduct", "Orders one unit of a product in a session", session, {
    requestBody: input({ product_id: id, session_code: name }, { product_id: 7, session_code: "K7WPXE" }),
    open: true,
  }),
  "/codes/new/": get("newCode", "Six hexadecimal digits", inline({ value: text }, { value: "a1b2c3" })),
  "/codes/render/qr/": post(
    "renderCode",
    "A QR code, as SVG in base64",
    inline({ base64: text }, { base64: "PHN2Zz4=" }),
    {
      requestBody: input({ value: text }, { value: "K7WPXE" }),
    },
  ),
  "/verification/register/": post("registerUser", "Adds a user, and logs in", login, {
    requestBody: input(
      { username: text, password: text, email: text, first_name: text, last_name: text },
      newUser,
    ),
  }),
  "/verification/login/": post("loginUser", "Makes a session key, for 14 days", login, {
    requestBody: input({ username: text, password: text }, { username: "ada.l", password: "correct horse" }),
  }),
  "/verification/verify/": post("verifyUser", "Whether a session key is the user's", login, {
    requestBody: input(key, keyExample),
  }),
  "/verification/logout/": post("logoutUser", "Ends a session key", message, {
    requestBody: input(key, keyExample),
  }),
  "/locations/find/": get("findLocations", "At most 100 locations", listOf(location), [
    inQuery("user_id", "1000"),
    inQuery("name", "café"),
    inQuery("category", "cafe"),
    inQuery("tag", "calm"),
  ]),
  "/locations/nearby/": get(
    "findLocationsNearby",
    "At most 100 locations around a position, nearest first",
    {
      description: "With their distances in meters.",
      content: {
        "application/json": {
          schema: {
            type: "array",
            items: object({ distance: { type: "number" }, location: refTo("OrderedOnlineLocation") }),
          },
          example: [{ distance: 370.08, location: { id: 1, ...placeExample } }],
        },
      },
    },
    [inQuery("latitude", "51.02", true), inQuery("longitude", "13.72", true), inQuery("radius", "1000")],
  ),
  "/locations/get/{id}/": get("getLocationOfOrderedOnline", "A location", location, [inPath("id", "1")]),
  "/locations/create/": post("createLocationOfOrderedOnline", "Adds a location of the user's", location, {
    requestBody: locationInput,
  }),
  "/locations/edit/{id}/": post("editLocation", "Replaces what is said about a location", location, {
    parameters: [inPath("id", "1")],
    requestBody: locationInput,
  }),
  "/products/find/": get("findProducts", "At most 1,000 menu items", listOf(product), [
    inQuery("location_id", "1"),
    inQuery("name", "cof"),
    inQuery("category", "drink"),
    inQuery("tag", "stimulating"),
    inQuery("additive", "caffeine"),
  ]),
  "/products/get/{id}/": get("getProductOfOrderedOnline", "A menu item", product, [inPath("id", "7")]),
  "/products/create/": post(
    "createProduct",
    "Adds an item to the menu of a location of the user's",
    product,
    {
      requestBody: productInput,
    },
  ),
  "/products/edit/{id}/": post("editProduct", "Replaces what is said about a menu item", product, {
    parameters: [inPath("id", "7")],
    requestBody: productInput,
  }),
};

function get(operationId: string, summary: string, ok: Json, parameters: Json[] = [], open = false): Json {
  return { get: operation(operationId, summary, ok, { ...(parameters.length > 0 && { parameters }), open }) };
}

function post(operationId: string, summary: string, ok: Json, rest: Json = {}): Json {
  return { post: operation(operationId, summary, ok, rest) };
}

/** `open`: there it asked for no token, so that here the gateway's settings say whether it does. */
function operation(operationId: string, summary: string, ok: Json, { open = false, ...rest }: Json): Json {
  return {
    operationId: `orderedOnline_${operationId}`,
    tags: [tag],
    summary,
    security: open === true ? [{ accessToken: [] }, {}] : [],
    ...rest,
    responses: {
      "200": ok,
      "400": refusal("malformed_json"),
      "403": refusal("incorrect_credentials"),
      "429": { $ref: "#/components/responses/TooManyRequests" },
      default: refusal("verification_service_unavailable"),
    },
  };
}

function refusal(reason: string): Json {
  const content = { schema: refTo("OrderedOnlineRefusal"), example: { reason } };
  return { description: "Why it was not done.", content: { "application/json": content } };
}

function input(properties: Json, example: Json): Json {
  return { required: true, content: { "application/json": { schema: object(properties), example } } };
}

function schema(component: string, example: Json): Json {
  return {
    description: "As it is now.",
    content: { "application/json": { schema: refTo(component), example } },
  };
}

function inline(properties: Json, example: Json): Json {
  return { description: "Done.", content: { "application/json": { schema: object(properties), example } } };
}

function listOf(one: Json): Json {
  const { schema: items, example } = (one.content as Record<string, Json>)["application/json"] as Json;
  const content = { schema: { type: "array", items }, example: [example] } as Json;
  return { description: "What fits all that is asked for.", content: { "application/json": content } };
}

function refTo(component: string): Json {
  return { $ref: `#/components/schemas/${component}` };
}

function inPath(parameter: string, example: string): Json {
  return { name: parameter, in: "path", required: true, schema: { type: "string" }, example };
}

function inQuery(parameter: string, example: string, required = false): Json {
  return { name: parameter, in: "query", required, schema: { type: "string" }, example };
}

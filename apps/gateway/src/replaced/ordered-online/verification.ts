import type { JsonObject } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import type { CompatCalls, CompatRoute } from "./compat-route.ts";
import { objectInBody } from "./json-input.ts";
import { asPart, incorrectCredentials, Refusal } from "./reasons.ts";
import type { SessionKeys } from "./session-keys.ts";

const emailPattern = /^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+$/;

/** The routes of ordered-online's verification service: users and their session keys. */
export function verificationRoutes(
  route: CompatRoute,
  identity: Client<typeof IdentityService>,
  keys: SessionKeys,
): Route<GatewayRoute>[] {
  async function logIn(calls: CompatCalls, username: string, password: string): Promise<object> {
    const login = await calls.call("identity", undefined, (call) =>
      identity.login({ username, password }, call),
    );
    return shapeOf(await keys.create(login), Number(login.user?.userId));
  }

  return [
    ...route("POST", "/verification/register/", async ({ body }, calls) => {
      const user = newUserOf(objectInBody(body));
      const { username, password } = user;
      return await asPart(
        "verification",
        {
          invalid_argument: incorrectCredentials,
          unauthenticated: incorrectCredentials,
          already_exists: (cause) => new Refusal(400, "duplicate_user", cause),
        },
        async () => {
          await calls.call("identity", undefined, (call) => identity.register(user, call));
          return await logIn(calls, username, password);
        },
      );
    }),

    ...route("POST", "/verification/login/", async ({ body }, calls) => {
      const { username, password } = objectInBody(body);
      if (typeof username !== "string" || typeof password !== "string") {
        throw incorrectCredentials();
      }
      return await asPart(
        "verification",
        { invalid_argument: incorrectCredentials, unauthenticated: incorrectCredentials },
        () => logIn(calls, username, password),
      );
    }),

    ...route("POST", "/verification/verify/", async ({ body }) => {
      const { session_key: key, user_id: userId } = objectInBody(body);
      await asPart("verification", {}, () => keys.check(key, userId));
      return shapeOf(`${key}`, Number(userId));
    }),

    ...route("POST", "/verification/logout/", async ({ body }, calls) => {
      const { session_key: key, user_id: userId } = objectInBody(body);
      await asPart("verification", {}, () => keys.end(calls, key, userId));
      return { message: "logged_out" };
    }),
  ];
}

/** Any rule that is broken had the same answer there; ours for names and passwords are stricter. */
function newUserOf({ username, password, email, first_name: firstName, last_name: lastName }: JsonObject) {
  const texts = [username, password, email, firstName, lastName];
  if (
    !texts.every((text) => typeof text === "string" && text !== "") ||
    `${username}`.length < 4 ||
    `${password}`.length < 7 ||
    !emailPattern.test(`${email}`)
  ) {
    throw incorrectCredentials();
  }
  return {
    username: `${username}`,
    password: `${password}`,
    email: `${email}`,
    firstName: `${firstName}`,
    lastName: `${lastName}`,
  };
}

function shapeOf(sessionKey: string, userId: number): object {
  return { session_key: sessionKey, session_data: { user_id: userId } };
}

import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newLocation, newUser, type OrderedOnline, type OrderedOnlineUser } from "./ordered-online-client.ts";
import { type OrderedOnlinePlace, startOrderedOnline } from "./ordered-online-place.ts";
import type { TablesMesh } from "./tables-mesh.ts";

/** Users of ordered-online and their session keys. */

let place: OrderedOnlinePlace;
let mesh: TablesMesh;
let client: OrderedOnline;
let owner: OrderedOnlineUser;
let stranger: OrderedOnlineUser;

beforeAll(async () => {
  place = await startOrderedOnline();
  ({ mesh, client, owner, stranger } = place);
});

afterAll(() => place?.mesh.stop());

describe("verification", () => {
  test("registers, logs in, verifies and logs out", async () => {
    const { status, json } = await client.post("/verification/register/", newUser("visitor"));
    expect(status).toBe(200);
    const { session_key: key, session_data: data } = json;
    expect(json).toEqual({
      session_key: expect.stringMatching(/^[\w-]{43}$/),
      session_data: { user_id: data.user_id },
    });
    const login = await client.post("/verification/login/", {
      username: "visitor",
      password: "correct horse",
    });
    expect(login.json.session_data).toEqual(data);
    expect(login.json.session_key).not.toBe(key);
    const both = { session_key: key, user_id: data.user_id };
    expect((await client.post("/verification/verify/", both)).json).toEqual(json);
    expect(await client.post("/verification/logout/", both)).toMatchObject({
      status: 200,
      json: { message: "logged_out" },
    });
    expect(await client.refusal("POST", "/verification/verify/", both)).toBe("403 incorrect_session_key");
    expect(await client.refusal("POST", "/verification/logout/", both)).toBe("403 incorrect_session_key");
    // The other login goes on.
    const other = { ...both, session_key: login.json.session_key };
    expect((await client.post("/verification/verify/", other)).status).toBe(200);
  });

  test.each([
    ["no username", { username: undefined }],
    ["a short username", { username: "ada" }],
    ["a short password", { password: "secret" }],
    ["a password that is long enough there, and not here", { password: "secret7" }],
    ["no email", { email: "" }],
    ["an email that is none", { email: "ada@example" }],
    ["no first name", { first_name: "" }],
    ["no last name", { last_name: null }],
    ["a username with a space", { username: "ada lovelace" }],
    ["a number for a name", { username: 12345 }],
  ])("refuses %s", async (_, changes) => {
    const body = { ...newUser("nobody"), ...changes };
    expect(await client.refusal("POST", "/verification/register/", body)).toBe("403 incorrect_credentials");
  });

  test("says what is wrong, in that system's words", async () => {
    const at = (path: string, body: unknown) => client.refusal("POST", `/verification/${path}/`, body);
    for (const path of ["register", "login", "verify", "logout"]) {
      expect([path, await at(path, "{nonsense")]).toEqual([path, "400 malformed_json"]);
      expect([path, await at(path, "[]")]).toEqual([path, "400 malformed_json"]);
    }
    expect(await at("register", newUser("OWNER"))).toBe("400 duplicate_user");
    expect(await at("login", { username: "owner", password: "wrong horse" })).toBe(
      "403 incorrect_credentials",
    );
    expect(await at("login", { username: "owner" })).toBe("403 incorrect_credentials");
    for (const path of ["verify", "logout"]) {
      expect(await at(path, { user_id: owner.user_id })).toBe("403 incorrect_session_key");
      expect(await at(path, { ...owner, session_key: "x" })).toBe("403 incorrect_session_key");
      expect(await at(path, { session_key: owner.session_key })).toBe("403 incorrect_user_id");
      expect(await at(path, { ...owner, user_id: `${owner.user_id}` })).toBe("403 incorrect_user_id");
      expect(await at(path, { ...owner, user_id: stranger.user_id })).toBe("403 incorrect_user_id");
    }
  });

  test("keeps names in identity, where only their owner sees them", async () => {
    const body = { username: "owner", password: "correct horse" };
    const login = await mesh.client(IdentityService).login(body);
    expect(login.user).toMatchObject({ email: "owner@example.com", firstName: "Ada", lastName: "Lovelace" });
    expect(login.accessToken.split(".").map((part) => Buffer.from(part, "base64url").toString())).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Lovelace|example\.com/)]),
    );
  });

  test("renews a login once, however many ask at the same time, and ends it after fourteen days", async () => {
    const user = await client.register("renewed");
    const own = await client.post("/locations/create/", { ...user, location: newLocation() });
    await mesh.gatewaySql`update session_keys set access_expires_at = now() where user_id = ${user.user_id}`;
    const opened = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        client.post("/orders/sessions/create/", {
          ...user,
          location_id: own.json.id,
          name: `Tisch ${index}`,
        }),
      ),
    );
    expect(opened.map(({ status }) => status)).toEqual(opened.map(() => 200));
    const identitySql = postgres(mesh.databaseUrls.get("identity") ?? "", { max: 1 });
    const tokens =
      await identitySql`select used_at from refresh_tokens join sessions on sessions.id = session_id
      where user_id = ${user.user_id}`;
    await identitySql.end();
    expect(tokens.filter(({ used_at }) => used_at !== null)).toHaveLength(1);
    await mesh.gatewaySql`update session_keys set expires_at = now() where user_id = ${user.user_id}`;
    expect(await client.refusal("POST", "/verification/verify/", user)).toBe("403 incorrect_session_key");
  });

  test("keeps nothing that opens anything", async () => {
    const rows =
      await mesh.gatewaySql`select row_to_json(session_keys)::text as text, sealed_tokens from session_keys`;
    expect(rows.length).toBeGreaterThan(1);
    for (const { text, sealed_tokens } of rows) {
      expect(text).not.toContain(owner.session_key);
      expect(`${text}${sealed_tokens.toString("latin1")}`).not.toMatch(/eyJ|"access"/);
    }
  });
});

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "@ordermesh/config/config";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAuthConfig } from "./config.ts";
import { readOwnKey, readServiceKeys } from "./key-source.ts";
import { makeServiceKeys } from "./make-service-keys.ts";

const read = (environment: Record<string, string>) =>
  readConfig(environment, (reader) => ({ auth: readAuthConfig(reader) })).auth;

describe("the settings", () => {
  test("must say whom to trust, or that anybody is", () => {
    expect(() => read({})).toThrow("SERVICE_KEYS_FILE is required");
    expect(() => read({ AUTH: "no" })).toThrow("AUTH must be one of on, off");
    expect(read({ AUTH: "off" })).toBeUndefined();
  });

  test("have defaults for the rest", () => {
    expect(read({ SERVICE_KEYS_FILE: "keys.json" })).toEqual({
      userTokens: {
        issuer: "ordermesh",
        audience: "ordermesh",
        roleClaim: "roles",
        userIdClaim: "sub",
        algorithms: ["ES256"],
        tokenType: "at+jwt",
      },
      jwksUrl: "http://127.0.0.1:50057/.well-known/jwks.json",
      serviceKeys: { file: "keys.json" },
      ownKey: undefined,
    });
    expect(read({ SERVICE_KEYS: "{}", IDENTITY_TOKEN_TYPE: "any" })?.userTokens.tokenType).toBe("");
  });

  test.each(["HS256", "none", "ES256,HS512"])("do not allow the algorithm %s", (algorithms) => {
    const environment = { SERVICE_KEYS: "{}", IDENTITY_ALGORITHMS: algorithms };
    expect(() => read(environment)).toThrow("IDENTITY_ALGORITHMS may list");
  });
});

describe("keys of services", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "service-keys-"));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("are made once, and are for their owner's eyes", async () => {
    const directory = join(folder, "keys");
    const first = await makeServiceKeys(directory, ["loms", "checkout"]);
    const key = await readFile(first.privateKeyFiles.loms!, "utf8");
    const second = await makeServiceKeys(directory, ["loms", "checkout", "payments"]);
    expect(await readFile(second.privateKeyFiles.loms!, "utf8")).toBe(key);
    for (const file of [second.publicKeysFile, ...Object.values(second.privateKeyFiles)]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    const known = await readServiceKeys({ file: second.publicKeysFile });
    expect(known.map(({ kid }) => kid)).toEqual(["loms", "checkout", "payments"]);
    expect(await readFile(second.publicKeysFile, "utf8")).not.toContain('"d"');
    await expect(readOwnKey({ file: second.privateKeyFiles.loms! }, "loms")).resolves.toMatchObject({
      kid: "loms",
    });
  });

  test.each([
    ['{"kty":"EC","d":"secret', "can not be read (no JSON)"],
    ["{}", "has no list of keys"],
    ['{"keys":[]}', "has no list of keys"],
    ['{"keys":[{"kty":"oct","k":"secret","kid":"loms"}]}', "not EC P-256"],
    ['{"keys":[{"kty":"EC","crv":"P-256","kid":"loms","d":"secret"}]}', "has the private key of loms"],
  ])("that are none are refused, and not shown: %s", async (json, problem) => {
    const error = await readServiceKeys({ json }).catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain(problem);
    expect((error as Error).message).not.toContain("secret");
  });

  test("a file that is not there is named", async () => {
    await expect(readServiceKeys({ file: "/nowhere/keys.json" })).rejects.toThrow(
      "/nowhere/keys.json can not be read (ENOENT)",
    );
  });
});

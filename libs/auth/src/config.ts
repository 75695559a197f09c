import type { ConfigReader } from "@ordermesh/config/config";
import type { KeySource } from "./key-source.ts";
import { tokenType } from "./service-tokens.ts";
import type { UserTokenFormat } from "./user-tokens.ts";

export interface AuthConfig {
  readonly userTokens: UserTokenFormat;
  /** Where the issuer of the users' tokens publishes its keys. */
  readonly jwksUrl: string;
  /** The public keys of all services, as a JWKS. Undefined for a service that no other calls. */
  readonly serviceKeys: KeySource | undefined;
  /** This service's private key, as a JWK. Undefined for a service that calls no other. */
  readonly ownKey: KeySource | undefined;
}

/** Algorithms whose keys are pairs: with a shared key, whoever can check tokens could make them. */
const algorithms = ["ES256", "ES384", "RS256", "PS256", "EdDSA"];

/**
 * Reads how callers are told apart. Undefined only if AUTH=off says so: a service that is not told whom to trust does
 * not start.
 */
export function readAuthConfig(read: ConfigReader): AuthConfig | undefined {
  if (read.oneOf("AUTH", ["on", "off"], "on") === "off") {
    return undefined;
  }
  const serviceKeys = readKeySource(read, "SERVICE_KEYS");
  if (serviceKeys === undefined) {
    read.problem(
      "SERVICE_KEYS_FILE is required: the public keys of the services, as a JWKS. To let anybody call everything, say AUTH=off.",
    );
  }
  return {
    userTokens: readUserTokenFormat(read),
    jwksUrl: read.string("IDENTITY_JWKS_URL", "http://127.0.0.1:50057/.well-known/jwks.json"),
    serviceKeys,
    ownKey: readKeySource(read, "SERVICE_KEY"),
  };
}

function readUserTokenFormat(read: ConfigReader): UserTokenFormat {
  const accepted = read.list("IDENTITY_ALGORITHMS", ["ES256"]);
  const unknown = accepted.filter((algorithm) => !algorithms.includes(algorithm));
  if (unknown.length > 0) {
    read.problem(`IDENTITY_ALGORITHMS may list ${algorithms.join(", ")}, but not ${unknown.join(", ")}.`);
  }
  return {
    issuer: read.string("IDENTITY_ISSUER", "ordermesh"),
    audience: read.string("IDENTITY_AUDIENCE", "ordermesh"),
    roleClaim: read.string("IDENTITY_ROLE_CLAIM", "roles"),
    userIdClaim: read.string("IDENTITY_USER_ID_CLAIM", "sub"),
    algorithms: accepted,
    tokenType: read.string("IDENTITY_TOKEN_TYPE", tokenType).replace(/^any$/, ""),
  };
}

/** From the variable itself, or from the file that `<name>_FILE` names. */
function readKeySource(read: ConfigReader, name: string): KeySource | undefined {
  const json = read.optionalString(name);
  const file = read.optionalString(`${name}_FILE`);
  if (json !== undefined) {
    return { json };
  }
  return file === undefined ? undefined : { file };
}

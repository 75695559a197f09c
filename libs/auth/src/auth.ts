import { Failure } from "@ordermesh/failure/failure";
import type { Authorize, Principal } from "@ordermesh/rpc/authorization";
import type { Credentials } from "@ordermesh/rpc/client-call";
import type { Logger } from "@ordermesh/telemetry/logger";
import { decodeJwt } from "jose";
import { createAuthorize } from "./authorizer.ts";
import type { AuthConfig } from "./config.ts";
import { createGuestLookUp, type IdentifyGuest, isGuestHeader } from "./guest-tokens.ts";
import { createJwksCache, type JwksCache, type JwksCacheOptions } from "./jwks-cache.ts";
import { readOwnKey, readServiceKeys } from "./key-source.ts";
import type { RuleTable } from "./method-rule.ts";
import { tokenRefused } from "./refusals.ts";
import { createServiceTokens, serviceKeySet, servicesIssuer, verifyServiceToken } from "./service-tokens.ts";
import { createTokenCache } from "./token-cache.ts";
import { refusalOf, type VerifiedToken, verifyUserToken } from "./user-tokens.ts";

/** What a service needs to know its callers, and to be known by those that it calls. */
export interface Auth {
  /**
   * For startRpcServer. Undefined with AUTH=off.
   *
   * @param rules for methods whose contracts state none.
   */
  authorize(rules?: RuleTable): Authorize | undefined;
  /** For createGrpcTransport: what to show to the service of that name. Undefined with AUTH=off. */
  credentials(target: string): Credentials | undefined;
  /**
   * Whose token it is: for a service that lets callers in by other means than startRpcServer.
   *
   * @param header the whole header `authorization`.
   * @throws Failure `unauthenticated`, or a promise that rejects with it.
   */
  identify(header: string): Principal | Promise<Principal>;
  /** Has every token verified anew: for who gave `userKeys` and knows that one of them has gone. */
  forgetTokens(): void;
}

/** Tokens that are remembered. With their principals some 15 MiB. */
const tokensMax = 10_000;

/** A token of ours has 600 characters; one with many claims has a few thousand. */
const headerLengthMax = 8_192;

/**
 * @param options.service the name of the service that starts.
 * @throws Failure that says which key can not be used.
 */
export async function openAuth(options: {
  readonly config: AuthConfig | undefined;
  readonly service: string;
  readonly logger: Logger;
  readonly jwks?: Partial<Omit<JwksCacheOptions, "url" | "logger" | "onRemoved">>;
  /** Where the users' keys come from, if not from the configured address. */
  readonly userKeys?: JwksCache;
  /** For the service that makes guests' tokens. Without it they are refused, as everywhere else. */
  readonly identifyGuest?: IdentifyGuest;
}): Promise<Auth> {
  const { config, service, logger } = options;
  if (config === undefined) {
    logger.warn("AUTH=off: anybody who can reach this port may call everything");
    return {
      authorize: () => undefined,
      credentials: () => undefined,
      identify: () => ({ kind: "anonymous" }),
      forgetTokens: () => {},
    };
  }
  const serviceKeys = serviceKeySet(
    config.serviceKeys === undefined ? [] : await readServiceKeys(config.serviceKeys),
  );
  const ownTokens =
    config.ownKey === undefined ? undefined : createServiceTokens(await readOwnKey(config.ownKey, service));
  const userKeys =
    options.userKeys ??
    createJwksCache({
      ...options.jwks,
      url: config.jwksUrl,
      logger,
      onRemoved: () => tokens.clear(),
    });

  async function verify(header: string): Promise<VerifiedToken> {
    const token = bearerToken(header);
    return issuerOf(token) === servicesIssuer
      ? await verifyServiceToken(token, serviceKeys, service)
      : await verifyUserToken(token, userKeys.find, config!.userTokens);
  }
  const tokens = createTokenCache({ sizeMax: tokensMax, verify });

  const identifyGuest = createGuestLookUp(options.identifyGuest);

  function identify(header: string): Principal | Promise<Principal> {
    if (isGuestHeader(header)) {
      return identifyGuest(header);
    }
    const nowMs = Date.now();
    userKeys.refreshIfDue(nowMs);
    return tokens.principalOf(header, nowMs);
  }

  return {
    identify,
    forgetTokens: tokens.clear,
    authorize: (rules) => createAuthorize(identify, rules),
    credentials(target) {
      if (ownTokens === undefined) {
        throw new Failure(
          "failed_precondition",
          `SERVICE_KEY_FILE is required: ${service} has no key of its own with which to call ${target}.`,
          { reason: "NO_SERVICE_KEY" },
        );
      }
      return ownTokens.credentialsFor(target);
    },
  };
}

/** @throws Failure `unauthenticated` unless the header is `Bearer <token>`. */
function bearerToken(header: string): string {
  if (header.length > headerLengthMax) {
    throw tokenRefused(`it has more than ${headerLengthMax} characters`);
  }
  const token = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined) {
    throw tokenRefused("the header is not `Bearer <token>`");
  }
  return token;
}

/** Not believed yet: it only says by whose keys the token is to be checked. */
function issuerOf(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    throw refusalOf(error);
  }
}

import { create } from "@bufbuild/protobuf";
import { timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { type UserTokenFormat, verifyUserToken } from "@ordermesh/auth/user-tokens";
import { Failure } from "@ordermesh/failure/failure";
import {
  IdentityService,
  type User as UserMessage,
  UserSchema,
  VerifyResponseSchema,
} from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { addressGroup, clientAddress, type Networks } from "@ordermesh/rpc/client-address";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { JWTVerifyGetKey } from "jose";
import { type AccessToken, signAccessToken } from "../access-tokens.ts";
import { type AccountParts, type Attempt, getUser, logIn, register, setRoles } from "../accounts.ts";
import { type Role, refreshRefused, roles, type User } from "../domain/user.ts";
import type { IdentityMetrics } from "../identity-metrics.ts";
import type { SigningKey } from "../keyring.ts";
import { beginSession, logOut, type RefreshRules, refreshSession } from "../sessions.ts";

export interface IdentityHandlers extends AccountParts {
  readonly signingKey: () => SigningKey;
  readonly findPublicKey: JWTVerifyGetKey;
  readonly format: UserTokenFormat;
  readonly accessTokenLifetimeMs: number;
  readonly sessionLifetimeMs: number;
  readonly refreshRules: RefreshRules;
  readonly trustedProxies: Networks;
  readonly metrics: IdentityMetrics;
  readonly logger: Logger;
}

export function bindIdentityService(handlers: IdentityHandlers): BoundService {
  const { database, format, metrics, logger } = handlers;
  const accessToken = (user: User): Promise<AccessToken> =>
    signAccessToken(user, handlers.signingKey(), { format, lifetimeMs: handlers.accessTokenLifetimeMs });

  return bindService(IdentityService, {
    async register(request, context) {
      const attempt = attemptOf(handlers, request, context);
      return { user: userMessage(await register(handlers, attempt, request)) };
    },

    async login(request, context) {
      const user = await logIn(handlers, attemptOf(handlers, request, context)).catch((error: unknown) => {
        metrics.login(outcomeOf(error));
        throw error;
      });
      const { text, expiresAt } = await accessToken(user);
      const refreshToken = await database.transaction(async (tx) =>
        beginSession(tx, user.id, handlers.sessionLifetimeMs),
      );
      metrics.login("ok");
      return {
        accessToken: text,
        refreshToken,
        expiresAt: timestampFromDate(expiresAt),
        user: userMessage(user),
      };
    },

    async refresh({ refreshToken }) {
      const refreshed = await database.transaction((tx) =>
        refreshSession(tx, refreshToken, handlers.refreshRules),
      );
      if (refreshed.kind === "reused") {
        const { userId, sessionId } = refreshed;
        metrics.reused();
        logger.warn(
          { user_id: `${userId}`, session_id: sessionId },
          "a refresh token came a second time; its session was ended",
        );
      }
      if (refreshed.kind !== "refreshed") {
        throw refreshRefused();
      }
      const { text, expiresAt } = await accessToken(refreshed.user);
      return {
        accessToken: text,
        refreshToken: refreshed.refreshToken,
        expiresAt: timestampFromDate(expiresAt),
      };
    },

    async logout({ refreshToken }) {
      await database.transaction((tx) => logOut(tx, refreshToken));
      return {};
    },

    async verify({ accessToken: token }) {
      try {
        const { principal, expiresAtMs } = await verifyUserToken(token, handlers.findPublicKey, format);
        return create(VerifyResponseSchema, {
          valid: true,
          ...(principal.kind === "user" && { userId: principal.userId, roles: [...principal.roles] }),
          expiresAt: timestampFromMs(expiresAtMs),
        });
      } catch (error) {
        if (error instanceof Failure && error.kind === "unauthenticated") {
          return { valid: false };
        }
        throw error;
      }
    },

    async getMe(_, context) {
      const { principal } = callOf(context);
      if (principal.kind !== "user") {
        throw new Error("GetMe was called by nobody, which its rule should have refused.");
      }
      return { user: userMessage(await getUser(database, principal.userId)) };
    },

    async setRoles(request) {
      const wanted = roles.filter((role) => request.roles.includes(role));
      const user = await setRoles(database, request.userId, wanted satisfies readonly Role[]);
      // What users told of themselves is not for operators.
      return { user: userMessage({ ...user, email: "", firstName: "", lastName: "" }) };
    },
  });
}

function attemptOf(
  { trustedProxies }: IdentityHandlers,
  { username, password }: { readonly username: string; readonly password: string },
  context: HandlerContext,
): Attempt {
  const forwardedFor = context.requestHeader.get("x-forwarded-for");
  return {
    username,
    password,
    address: addressGroup(clientAddress(callOf(context).peerAddress(), forwardedFor, trustedProxies)),
  };
}

function outcomeOf(error: unknown): "wrong" | "limited" | "failed" {
  if (!(error instanceof Failure)) {
    return "failed";
  }
  return error.kind === "unauthenticated"
    ? "wrong"
    : error.kind === "resource_exhausted"
      ? "limited"
      : "failed";
}

function userMessage(user: User): UserMessage {
  return create(UserSchema, {
    userId: user.id,
    username: user.username,
    roles: [...user.roles],
    createdTime: timestampFromDate(user.createdAt),
    email: user.email,
    firstName: user.firstName,
    lastName: user.lastName,
  });
}

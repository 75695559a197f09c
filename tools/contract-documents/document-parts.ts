import type { Json } from "./scalar-schemas.ts";

/** What every operation of the document refers to. */
export function sharedParts(): Json {
  return {
    securitySchemes: {
      accessToken: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description:
          "The access token of POST /v1/auth/login. It works for 15 minutes; POST /v1/auth/refresh gets another.",
      },
    },
    parameters: {
      IdempotencyKey: {
        name: "Idempotency-Key",
        in: "header",
        required: false,
        description:
          "Names this one intent of yours, for 24 hours: sent again with the same body it is not done again, and the " +
          "first answer comes back with `Idempotent-Replayed: true`. With another body it is 422; while the first is " +
          "still under way, 409 with Retry-After.",
        schema: { type: "string", minLength: 1, maxLength: 255 },
        example: "6f1c2f0e-5d0b-4a3a-9a55-2f7f0b4b8f11",
      },
      LastEventId: {
        name: "Last-Event-ID",
        in: "header",
        required: false,
        description: "The id of the last event that was seen. Taken as the cursor if none is given.",
        schema: { type: "string", maxLength: 500 },
      },
    },
    headers: {
      RateLimit: {
        description: "What is left of each limit, and the seconds until there is more.",
        schema: { type: "string" },
        example: '"user";r=99;t=1',
      },
      RateLimitPolicy: {
        description: "The limits: so many requests at once, refilled over a window of so many seconds.",
        schema: { type: "string" },
        example: '"user";q=100;w=2',
      },
      RetryAfter: {
        description: "Seconds to wait before trying again.",
        schema: { type: "integer", minimum: 1 },
        example: 1,
      },
    },
    responses: {
      InvalidRequest: problem(
        400,
        "Bad Request",
        "INVALID_ARGUMENT",
        "INVALID_REQUEST",
        "The request breaks a rule of the contract.",
        {
          violations: [
            {
              field: "lines[0].quantity",
              description: "must be greater than 0 and less than or equal to 1000000",
            },
          ],
        },
      ),
      Unauthenticated: problem(
        401,
        "Unauthorized",
        "UNAUTHENTICATED",
        "TOKEN_MISSING",
        "There is no token, or it is no good.",
      ),
      PermissionDenied: problem(
        403,
        "Forbidden",
        "PERMISSION_DENIED",
        "ROLE_MISSING",
        "The caller may not do this.",
      ),
      NotFound: problem(
        404,
        "Not Found",
        "NOT_FOUND",
        "ORDER_NOT_FOUND",
        "It is not there, or it is somebody else's.",
      ),
      Conflict: problem(
        409,
        "Conflict",
        "FAILED_PRECONDITION",
        "INSUFFICIENT_STOCK",
        "The state of things does not allow it.",
        {
          preconditions: [
            { type: "INSUFFICIENT_STOCK", subject: "sku/1076963", description: "2 requested, 1 available" },
          ],
        },
      ),
      TooManyRequests: problem(
        429,
        "Too Many Requests",
        "RESOURCE_EXHAUSTED",
        "RATE_LIMITED",
        "Too much at once.",
        {
          retryAfterSeconds: 1,
        },
      ),
      Unavailable: problem(
        503,
        "Service Unavailable",
        "UNAVAILABLE",
        "UNAVAILABLE",
        "A service is away. Try again.",
        {
          retryAfterSeconds: 1,
        },
      ),
      Timeout: problem(
        504,
        "Gateway Timeout",
        "DEADLINE_EXCEEDED",
        "DEADLINE_EXCEEDED",
        "There was no answer in time.",
      ),
      Problem: problem(500, "Internal Server Error", "INTERNAL", "INTERNAL", "Anything else."),
    },
  };
}

/** RFC 9457, with what our errors carry besides. */
export const problemSchema: Json = {
  type: "object",
  description: "What went wrong: a problem document as in RFC 9457.",
  required: ["type", "title", "status", "detail", "code", "reason"],
  properties: {
    type: { type: "string", description: "Always about:blank: `code` and `reason` tell what it is." },
    title: { type: "string", description: "The phrase of the status." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "For people: what went wrong, and what to do." },
    code: { type: "string", description: "The gRPC code by its name." },
    reason: { type: "string", description: "For programs: stable, in upper snake case." },
    traceId: { type: "string", description: "Finds the request in logs and traces." },
    metadata: { type: "object", additionalProperties: { type: "string" } },
    violations: {
      type: "array",
      description: "Fields that break a rule.",
      items: {
        type: "object",
        required: ["field", "description"],
        properties: { field: { type: "string" }, description: { type: "string" } },
      },
    },
    preconditions: {
      type: "array",
      description: "Conditions that do not hold.",
      items: {
        type: "object",
        required: ["type", "subject", "description"],
        properties: {
          type: { type: "string" },
          subject: { type: "string" },
          description: { type: "string" },
        },
      },
    },
    retryAfterSeconds: { type: "integer", description: "As in Retry-After." },
  },
};

function problem(
  status: number,
  title: string,
  code: string,
  reason: string,
  detail: string,
  more: Json = {},
): Json {
  return {
    description: detail,
    ...("retryAfterSeconds" in more && {
      headers: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } },
    }),
    content: {
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/Problem" },
        example: { type: "about:blank", title, status, detail, code, reason, ...more },
      },
    },
  };
}

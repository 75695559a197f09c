import type { DescField, DescMethod } from "@bufbuild/protobuf";
import { exampleOf, exampleOfField } from "./examples.ts";
import { commentOf, type MessageSchemas, schemaName } from "./message-schemas.ts";
import { type Access, fieldAt, type HttpBinding, pathVariables } from "./method-options.ts";
import type { Json } from "./scalar-schemas.ts";

/** What the gateway answers besides success, by the name of the part in the document. */
const errorResponses: Readonly<Record<string, string>> = {
  "400": "InvalidRequest",
  "401": "Unauthenticated",
  "403": "PermissionDenied",
  "404": "NotFound",
  "409": "Conflict",
  "429": "TooManyRequests",
  "503": "Unavailable",
  "504": "Timeout",
  default: "Problem",
};

/** One operation of the document: one way over HTTP to a method. */
export function operationOf(
  method: DescMethod,
  binding: HttpBinding,
  options: { readonly access: Access; readonly schemas: MessageSchemas; readonly ordinal: number },
): Json {
  const { access, schemas, ordinal } = options;
  const suffix = ordinal === 0 ? "" : `_${ordinal + 1}`;
  const comment = commentOf(method) || `${method.name}.`;
  const isWrite = ["post", "delete", "patch"].includes(binding.verb);
  return {
    operationId: `${method.parent.name}_${method.name}${suffix}`,
    tags: [schemaName(method.parent)],
    summary: summaryOf(comment),
    description: [comment, accessInWords(access), streamInWords(method)].filter(Boolean).join("\n\n"),
    security: access.public ? [] : [{ accessToken: [] }],
    parameters: [
      ...pathParameters(method, binding, schemas),
      ...queryParameters(method, binding, schemas),
      ...(isWrite && method.parent.name !== "IdentityService"
        ? [{ $ref: "#/components/parameters/IdempotencyKey" }]
        : []),
      ...(method.methodKind === "server_streaming" ? [{ $ref: "#/components/parameters/LastEventId" }] : []),
    ],
    ...(binding.body !== "" && { requestBody: requestBody(method, binding, schemas) }),
    responses: {
      "200": success(method, schemas),
      ...Object.fromEntries(
        Object.entries(errorResponses)
          .filter(([status]) => !(access.public && status === "403"))
          .map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
      ),
    },
  };
}

/** The path as the document has it, which knows no patterns in variables, and no fields of fields. */
export function documentPath(path: string): string {
  return path.replace(/\{(?:[^}=]+\.)?([^}=.]+)(?:=[^}]+)?\}/g, "{$1}");
}

function summaryOf(comment: string): string {
  const [sentence = comment] = comment.split(/(?<=\.)\s/);
  return sentence.replace(/\.$/, "");
}

function accessInWords({ public: isPublic, roles }: Access): string {
  return isPublic ? "Needs no token." : `For users with one of these roles: ${roles.join(", ")}.`;
}

function streamInWords({ methodKind }: DescMethod): string {
  return methodKind === "server_streaming"
    ? "Answers with server-sent events that do not end: each message is the `data` of one, its cursor the `id`, with " +
        "which a browser resumes by itself. An event `problem` tells why the stream ends early."
    : "";
}

function pathParameters(method: DescMethod, { path }: HttpBinding, schemas: MessageSchemas): Json[] {
  return pathVariables(path).map((name) => {
    const field = fieldAt(method.input, name);
    return {
      name: field.name,
      in: "path",
      required: true,
      schema: withoutFilling(schemas.ofField(field), field),
      example: exampleOfField(field),
    };
  });
}

/** The path names it, so nothing is filled in. */
function withoutFilling(schema: Json, field: DescField): Json {
  const { description, ...rest } = schema;
  const comment = commentOf(field);
  return comment === "" ? rest : { ...rest, description: comment };
}

/** Query parameters are the fields that neither the path nor the body says. */
function queryParameters(method: DescMethod, binding: HttpBinding, schemas: MessageSchemas): Json[] {
  if (binding.body === "*") {
    return [];
  }
  return unboundFields(method, binding)
    .filter(({ name }) => name !== binding.body)
    .map((field) => {
      const { description, ...schema } = schemas.ofField(field);
      return {
        name: field.jsonName,
        in: "query",
        required: schemas.mustBeGiven(field),
        ...(description !== undefined && { description }),
        schema,
        ...(field.fieldKind === "list" && { style: "form", explode: true }),
      };
    });
}

function unboundFields(method: DescMethod, { path }: HttpBinding): DescField[] {
  const bound = new Set(pathVariables(path).map((variable) => variable.split(".")[0]));
  return method.input.fields.filter(({ name }) => !bound.has(name) || path.includes(`{${name}.`));
}

function requestBody(method: DescMethod, binding: HttpBinding, schemas: MessageSchemas): Json {
  const inPath = new Set(pathVariables(binding.path).map((variable) => fieldAt(method.input, variable)));
  if (binding.body !== "*") {
    const field = fieldAt(method.input, binding.body);
    if (field.message === undefined) {
      throw new Error(`The body of ${method} is ${binding.body}, which is no message.`);
    }
    const { message } = field;
    const fields = message.fields.filter((candidate) => !inPath.has(candidate));
    const schema =
      fields.length < message.fields.length ? schemas.ofFields(message, fields) : schemas.ofMessage(message);
    return bodyOf(
      schema,
      exampleOf(message, (candidate) => inPath.has(candidate)),
      true,
    );
  }
  const fields = method.input.fields.filter((field) => !inPath.has(field));
  const schema =
    fields.length < method.input.fields.length
      ? schemas.ofFields(method.input, fields)
      : schemas.ofMessage(method.input);
  const needed = fields.some((field) => schemas.mustBeGiven(field));
  const isFilled = (field: DescField) => field.name === "user_id" || field.name === "idempotency_key";
  return bodyOf(
    schema,
    exampleOf(method.input, (field) => inPath.has(field) || isFilled(field)),
    needed,
  );
}

function bodyOf(schema: Json, example: Json, required: boolean): Json {
  return { required, content: { "application/json": { schema, example } } };
}

function success(method: DescMethod, schemas: MessageSchemas): Json {
  const schema = schemas.ofMessage(method.output);
  const headers = {
    RateLimit: { $ref: "#/components/headers/RateLimit" },
    "RateLimit-Policy": { $ref: "#/components/headers/RateLimitPolicy" },
  };
  if (method.methodKind === "server_streaming") {
    const example = `id: eyJhIjoxfQ\ndata: ${JSON.stringify(exampleOf(method.output))}\n\n`;
    return {
      description: `Events, each with a ${schemaName(method.output)} as its data.`,
      headers,
      content: {
        "text/event-stream": {
          schema: { type: "string", contentMediaType: "application/json", contentSchema: schema },
          example,
        },
      },
    };
  }
  return {
    description: commentOf(method.output) || "Done.",
    headers,
    content: { "application/json": { schema, example: exampleOf(method.output) } },
  };
}

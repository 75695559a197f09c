import {
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { Failure } from "@ordermesh/failure/failure";
import type { HttpBinding } from "./http-rules.ts";

/** The parts of an HTTP request that say what a method is asked. */
export interface RequestParts {
  /** By the names in the path template. */
  readonly variables: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed body; undefined if there was none. */
  readonly body: JsonValue | undefined;
}

/**
 * Puts a method's request together: the body, then the query's fields, then the path's. What is named twice must say
 * the same.
 *
 * @throws Failure `invalid_argument` that names what cannot be read.
 */
export function requestMessage({ method, body }: HttpBinding, parts: RequestParts): Message {
  const { input } = method;
  const json = bodyFields(method, body, parts.body);
  for (const name of new Set(parts.query.keys())) {
    setField(json, input, name, parts.query.getAll(name), "query");
  }
  for (const [name, value] of Object.entries(parts.variables)) {
    setField(json, input, name, [value], "path");
  }
  return parseMessage(input, json);
}

function bodyFields(method: DescMethod, body: string, given: JsonValue | undefined): JsonObject {
  if (given === undefined) {
    return {};
  }
  if (body === "") {
    throw malformed("body", `${method.name} takes no body over this path`);
  }
  if (body === "*") {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw malformed("body", "must be a JSON object");
    }
    return { ...given };
  }
  const field = method.input.fields.find(({ name }) => name === body);
  if (field === undefined) {
    throw new Error(`${method.input.typeName} has no field ${body}, which its HTTP rule names as the body.`);
  }
  return { [field.jsonName]: given };
}

/** Sets a field by its path ("product.sku"), from the texts of a query or a path. */
function setField(
  json: JsonObject,
  type: DescMessage,
  path: string,
  texts: readonly string[],
  place: "query" | "path",
): void {
  const [name = "", ...rest] = path.split(".");
  const field = type.fields.find((candidate) => candidate.name === name || candidate.jsonName === name);
  if (field === undefined) {
    throw malformed(path, "is no parameter of this request");
  }
  const present = json[field.jsonName] ?? json[field.name];
  if (rest.length > 0) {
    if (field.fieldKind !== "message") {
      throw malformed(path, "is no parameter of this request");
    }
    const inner =
      typeof present === "object" && present !== null && !Array.isArray(present) ? { ...present } : {};
    setField(inner, field.message, rest.join("."), texts, place);
    delete json[field.name];
    json[field.jsonName] = inner;
    return;
  }
  const value = fieldValue(field, path, texts);
  if (present !== undefined && `${present}` !== `${value}`) {
    throw malformed(
      path,
      place === "path" ? "is another one in the path" : "is given twice, with different values",
    );
  }
  delete json[field.name];
  json[field.jsonName] = value;
}

function fieldValue(field: DescField, path: string, texts: readonly string[]): JsonValue {
  if (field.fieldKind === "list") {
    return texts.map((text) => textValue(field, text));
  }
  if (texts.length > 1) {
    throw malformed(path, "is given more than once");
  }
  return textValue(field, texts[0] ?? "");
}

/** The JSON of a text, as far as the field's type wants another one than the text itself. */
function textValue(field: DescField, text: string): JsonValue {
  if (field.scalar === ScalarType.BOOL) {
    return text === "true" ? true : text === "false" ? false : text;
  }
  return field.enum !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : text;
}

/** What cannot be read is named, and not repeated: it may be a card's number or a password. */
function parseMessage(type: DescMessage, json: JsonObject): Message {
  try {
    return fromJson(type, json, { ignoreUnknownFields: false });
  } catch (error) {
    const { message, cause } = error as Error;
    if (isFieldError(cause)) {
      const field = cause.field();
      throw malformed(field.name, field.kind === "oneof" ? "is set more than once" : expectationOf(field));
    }
    const unknown = /key "([A-Za-z0-9_.-]{1,64})" is unknown/.exec(message)?.[1];
    if (unknown !== undefined) {
      throw malformed(unknown, "is no field of this request");
    }
    const typeName = /cannot decode (?:message )?([a-z0-9_.]+\.[A-Za-z0-9_]+) from JSON/.exec(message)?.[1];
    throw malformed("", `there is no ${typeName ?? type.typeName} where one is expected`);
  }
}

function expectationOf(field: DescField): string {
  const element = elementExpectation(field);
  return field.fieldKind === "list" ? `must be a list, each of it ${element}` : `must be ${element}`;
}

function elementExpectation({ enum: enumType, message, scalar }: DescField): string {
  if (enumType !== undefined) {
    return `one of ${enumType.values.map(({ name }) => name).join(", ")}`;
  }
  if (message !== undefined) {
    return `a ${message.typeName}`;
  }
  switch (scalar) {
    case ScalarType.BOOL:
      return "true or false";
    case ScalarType.STRING:
      return "a text";
    case ScalarType.BYTES:
      return "a text in base64";
    case ScalarType.UINT32:
      return "a whole number from 0 to 4294967295";
    default:
      return "a whole number, within 64 bits; beyond 2^53 as a text";
  }
}

/** @param field empty if it is not known. */
export function malformed(field: string, problem: string): Failure {
  // What the client wrote comes back in the text, but not all of it.
  const description = problem.length > 300 ? `${problem.slice(0, 300)} …` : problem;
  return new Failure(
    "invalid_argument",
    `The request cannot be read: ${field && `${field}: `}${description}.`,
    {
      reason: "MALFORMED_REQUEST",
      ...(field !== "" && { fieldViolations: [{ field, description }] }),
    },
  );
}

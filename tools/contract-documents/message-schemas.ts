import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";
import type { FieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import {
  enumNames,
  isRequired,
  type Json,
  limitsInWords,
  rulesOf,
  scalarSchema,
  wellKnownSchemas,
} from "./scalar-schemas.ts";

/** What a comment of the contract says, as one text with its paragraphs. */
export function commentOf(descriptor: Parameters<typeof getComments>[0]): string {
  const { leading } = getComments(descriptor);
  return (leading ?? "")
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, " ").trim())
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

/** The name of a type in the documents: "loms.v1.Order". */
export function schemaName(type: { readonly typeName: string }): string {
  return type.typeName.replace(/^ordermesh\./, "");
}

/** Collects the JSON Schemas of messages, each once, as the parts of a document that others refer to. */
export function createMessageSchemas(filledIn: ReadonlySet<DescField>) {
  const schemas: Record<string, Json> = {};

  function referTo(name: string): Json {
    return { $ref: `#/components/schemas/${name}` };
  }

  function ofMessage(type: DescMessage): Json {
    const wellKnown = wellKnownSchemas[type.typeName];
    if (wellKnown !== undefined) {
      return wellKnown;
    }
    const name = schemaName(type);
    if (schemas[name] === undefined) {
      // Before its fields, because a message may contain itself.
      schemas[name] = {};
      schemas[name] = ofFields(type, type.fields);
    }
    return referTo(name);
  }

  function ofFields(type: DescMessage, fields: readonly DescField[]): Json {
    const description = commentOf(type);
    const required = fields.filter((field) => mustBeGiven(field)).map(({ jsonName }) => jsonName);
    return {
      type: "object",
      ...(description !== "" && { description }),
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, ofField(field)])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
  }

  function mustBeGiven(field: DescField): boolean {
    return !filledIn.has(field) && field.oneof === undefined && isRequired(rulesOf(field));
  }

  function ofEnum(type: DescEnum, rules: FieldRules | undefined): Json {
    const name = schemaName(type);
    const values = enumNames(type, rules);
    if (values.length < type.values.length) {
      return { type: "string", enum: values };
    }
    const meanings = type.values
      .map((value) => [value.name, commentOf(value)])
      .filter(([, comment]) => comment !== "")
      .map(([valueName, comment]) => `- \`${valueName}\`: ${comment}`);
    const description = [commentOf(type), meanings.join("\n")].filter((text) => text !== "").join("\n\n");
    schemas[name] ??= { type: "string", enum: values, ...(description !== "" && { description }) };
    return referTo(name);
  }

  function ofElement(field: DescField, rules: FieldRules | undefined): Json {
    if (field.enum !== undefined) {
      return ofEnum(field.enum, rules);
    }
    if (field.message !== undefined) {
      return ofMessage(field.message);
    }
    if (field.scalar === undefined) {
      throw new Error(`${field} is of a kind that the documents do not know.`);
    }
    return scalarSchema(field.scalar, rules);
  }

  function ofField(field: DescField): Json {
    const rules = rulesOf(field);
    const words = limitsInWords(rules);
    const filled = filledIn.has(field) ? describeFilling(field) : "";
    const description = [commentOf(field), words && `Allowed: ${words}.`, filled].filter(Boolean).join(" ");
    const schema = field.fieldKind === "list" ? ofList(field, rules) : ofElement(field, rules);
    return description === "" ? schema : { ...schema, description };
  }

  function ofList(field: DescField, rules: FieldRules | undefined): Json {
    const list = rules?.type.case === "repeated" ? rules.type.value : undefined;
    return {
      type: "array",
      items: ofElement(field, list?.items),
      ...(list !== undefined && list.minItems > 0n && { minItems: Number(list.minItems) }),
      ...(list !== undefined && list.maxItems > 0n && { maxItems: Number(list.maxItems) }),
      ...(list?.unique && { uniqueItems: true }),
    };
  }

  return { schemas, referTo, ofMessage, ofFields, ofField, mustBeGiven };
}

export type MessageSchemas = ReturnType<typeof createMessageSchemas>;

function describeFilling({ name }: DescField): string {
  return name === "idempotency_key"
    ? "Absent: what the header Idempotency-Key says."
    : "Absent: the user who calls. Another user only for those who may act for others.";
}

import { type DescEnum, type DescField, getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import type { FieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** A JSON Schema, or anything else that becomes JSON. */
export type Json = { [key: string]: unknown };

/** The rules that the contract states for a field. */
export function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}

/** Well-known types have a form of their own in JSON. */
export const wellKnownSchemas: Readonly<Record<string, Json>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" },
};

const uint32Max = 4_294_967_295;

/** How a number, text or truth value is written in JSON: 64 bits as text, because JSON's readers round them. */
export function scalarSchema(scalar: ScalarType, rules: FieldRules | undefined): Json {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.STRING:
      return { type: "string", ...textRules(rules) };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", ...uint32Rules(rules) };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: "integer", format: "int32" };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64", pattern: "^(0|[1-9][0-9]*)$" };
    default:
      return { type: "string", format: "int64", pattern: int64Pattern(rules) };
  }
}

function textRules(rules: FieldRules | undefined): Json {
  if (rules?.type.case !== "string") {
    return {};
  }
  const { minLen, maxLen, pattern } = rules.type.value;
  return {
    ...(minLen > 0n && { minLength: Number(minLen) }),
    ...(maxLen > 0n && { maxLength: Number(maxLen) }),
    ...(pattern !== "" && { pattern }),
  };
}

function uint32Rules(rules: FieldRules | undefined): Json {
  if (rules?.type.case !== "uint32") {
    return { minimum: 0, maximum: uint32Max };
  }
  const { greaterThan, lessThan } = rules.type.value;
  const minimum = greaterThan.case === "gt" ? greaterThan.value + 1 : (greaterThan.value ?? 0);
  const maximum = lessThan.case === "lt" ? lessThan.value - 1 : (lessThan.value ?? uint32Max);
  return { minimum, maximum };
}

/** Of the rules for 64 bits, the sign is what JSON Schema can check in a text. */
function int64Pattern(rules: FieldRules | undefined): string {
  if (rules?.type.case === "int64") {
    const { greaterThan } = rules.type.value;
    if (greaterThan.case === "gt" && greaterThan.value >= 0n) {
      return "^[1-9][0-9]*$";
    }
    if (greaterThan.case === "gte" && greaterThan.value >= 0n) {
      return "^(0|[1-9][0-9]*)$";
    }
  }
  return "^-?[0-9]+$";
}

/** The limits that a pattern can not tell, in words. */
export function limitsInWords(rules: FieldRules | undefined): string {
  if (rules?.type.case === "int64") {
    const { greaterThan, lessThan } = rules.type.value;
    const from =
      greaterThan.case === "gt"
        ? `above ${greaterThan.value}`
        : greaterThan.case && `from ${greaterThan.value}`;
    const to =
      lessThan.case === "lt" ? `below ${lessThan.value}` : lessThan.case && `up to ${lessThan.value}`;
    return [from, to].filter(Boolean).join(", ");
  }
  if (rules?.type.case === "duration") {
    const { greaterThan, lessThan } = rules.type.value;
    const from = greaterThan.case && `from ${greaterThan.value.seconds}s`;
    const to = lessThan.case && `up to ${lessThan.value.seconds}s`;
    return [from, to].filter(Boolean).join(", ");
  }
  return "";
}

/** Enums are written by name. A value that the rules forbid is left out. */
export function enumNames(type: DescEnum, rules: FieldRules | undefined): string[] {
  const forbidden = rules?.type.case === "enum" ? rules.type.value.notIn : [];
  return type.values.filter(({ number }) => !forbidden.includes(number)).map(({ name }) => name);
}

/** Whether the value that an absent field stands for breaks the rules, so that it has to be given. */
export function isRequired(rules: FieldRules | undefined): boolean {
  if (rules === undefined) {
    return false;
  }
  const { type } = rules;
  switch (type.case) {
    case "string":
      return (
        rules.required ||
        type.value.minLen > 0n ||
        (type.value.pattern !== "" && !new RegExp(type.value.pattern, "u").test(""))
      );
    case "int64":
    case "uint32":
      return rules.required || (type.value.greaterThan.case === "gt" && type.value.greaterThan.value >= 0);
    case "enum":
      return rules.required || type.value.notIn.includes(0);
    case "repeated":
      return rules.required || type.value.minItems > 0n;
    default:
      return rules.required;
  }
}

import { type DescField, type DescMessage, getOption, ScalarType } from "@bufbuild/protobuf";
import { type FieldRules, field as fieldRules } from "@ordermesh/proto/buf/validate/validate_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";

/** What a field of a form may hold: attributes of the field. */
export interface FieldLimits {
  readonly isRequired?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/**
 * The contract's rules for what is typed for a field of a request. The service checks them again, and says what is wrong;
 * but what cannot be typed needs no answer. Of patterns only the length is read: browsers read them by other rules.
 * Several values in one field, one a line or between commas, have room for all that the contract takes.
 *
 * @param path as the contract has it: "tracking_number", "parameters.shipping_address.city".
 * @throws Error for a field that there is not: a form would ask for something that nobody reads.
 */
export function limitsOf(message: DescMessage, path: string): FieldLimits {
  const [name, ...rest] = path.split(".");
  const field = message.fields.find((each) => each.name === name);
  if (field === undefined) {
    throw new Error(`${message.typeName} has no field ${name}.`);
  }
  if (rest.length > 0) {
    const inner = field.fieldKind === "message" || field.fieldKind === "list" ? field.message : undefined;
    if (inner === undefined) {
      throw new Error(`${message.typeName} has nothing below ${name}.`);
    }
    return limitsOf(inner, rest.join("."));
  }
  const rules = getOption(field, fieldRules);
  const limits = limitsByRules(field, rules);
  return rules.required ? { ...limits, isRequired: true } : limits;
}

/** Of an amount of money, as it is typed: with a sign between its units. */
export function amountLimits(): FieldLimits {
  const { maxLength = 0 } = limitsOf(MoneySchema, "amount_minor");
  return { maxLength: maxLength + 1 };
}

function limitsByRules(field: DescField, { type }: FieldRules): FieldLimits {
  switch (type.case) {
    case "string": {
      const { minLen, maxLen, pattern } = type.value;
      return pattern === "" ? lengths(Number(minLen), Number(maxLen)) : lengthsOfPattern(pattern);
    }
    case "repeated": {
      const { minItems, maxItems, items } = type.value;
      const itemMax = items?.type.case === "string" ? Number(items.type.value.maxLen) : 0;
      // Each with what stands between them: ", ".
      return {
        ...lengths(0, Number(maxItems) * (itemMax === 0 ? 0 : itemMax + 2)),
        ...(minItems > 0n && isRequired),
      };
    }
    case "uint32":
    case "int64": {
      const { greaterThan, lessThan } = type.value;
      const least = greaterThan.case === undefined ? 0n : BigInt(greaterThan.value);
      const isNeeded = greaterThan.case === "gt" || (greaterThan.case === "gte" && least > 0n);
      const most = lessThan.case === undefined ? mostOf(field) : BigInt(lessThan.value);
      return { ...lengths(0, String(most).length), ...(isNeeded && isRequired) };
    }
    case undefined:
      return field.fieldKind === "scalar" && field.scalar === ScalarType.UINT32
        ? lengths(0, String(mostOf(field)).length)
        : {};
    default:
      return {};
  }
}

const isRequired = { isRequired: true } as const;

function lengths(minLength: number, maxLength: number): FieldLimits {
  return {
    ...(minLength > 0 && { ...isRequired, minLength }),
    ...(maxLength > 0 && { maxLength }),
  };
}

/** "^[A-Z]{2}$", "^[a-z]{3,64}$": as long as that; nothing of what is more than that, or may be empty. */
function lengthsOfPattern(pattern: string): FieldLimits {
  const [, min, max = min] = /^\^\[[^\]]+\]\{(\d+)(?:,(\d+))?\}\$$/.exec(pattern) ?? [];
  return min === undefined ? {} : lengths(Number(min), Number(max));
}

function mostOf(field: DescField): bigint {
  const isLong = field.fieldKind === "scalar" && field.scalar === ScalarType.INT64;
  return isLong ? 2n ** 63n - 1n : 2n ** 32n - 1n;
}

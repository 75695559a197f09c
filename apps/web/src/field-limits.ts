import { type DescMessage, getOption } from "@bufbuild/protobuf";
import { field as fieldRules } from "@ordermesh/proto/buf/validate/validate_pb";

/** What a text field of a form may hold: attributes of the field. */
export interface FieldLimits {
  readonly minLength?: number;
  readonly maxLength?: number;
}

/**
 * The contract's rules for a text of a request. The service checks them again, and says what is wrong; but what can not be
 * typed needs no answer. Patterns are left to the service: browsers read them by other rules.
 *
 * @param name as the contract has it: "tracking_number".
 * @throws Error for a field that there is not: a form would ask for something that nobody reads.
 */
export function limitsOf(message: DescMessage, name: string): FieldLimits {
  const field = message.fields.find((each) => each.name === name);
  if (field === undefined) {
    throw new Error(`${message.typeName} has no field ${name}.`);
  }
  const { type } = getOption(field, fieldRules);
  if (type.case !== "string") {
    return {};
  }
  const { minLen, maxLen } = type.value;
  return {
    ...(minLen > 0n && { minLength: Number(minLen) }),
    ...(maxLen > 0n && { maxLength: Number(maxLen) }),
  };
}

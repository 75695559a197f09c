import type { DescMessage } from "@bufbuild/protobuf";

/** Whether a message, or one that it may contain, has a field that the contract marks as secret (`debug_redact`). */
export function hasSecrets(type: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(type)) {
    return false;
  }
  seen.add(type);
  return type.fields.some(
    (field) =>
      field.proto.options?.debugRedact === true ||
      (field.message !== undefined && hasSecrets(field.message, seen)),
  );
}

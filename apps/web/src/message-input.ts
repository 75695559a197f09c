import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

/** A message of the contract as one writes it down, and not as one that was read. */
export type MessageInput<Schema extends DescMessage> = Extract<
  MessageInitShape<Schema>,
  { readonly $typeName?: never }
>;

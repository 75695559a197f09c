import { type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";

/** The way from a request to the int64 field that names its user. */
export interface SelfField {
  /** As in the contract: "preferences.user_id". */
  readonly path: string;
  /** Properties of the messages on the way; each may hold one message or a list of them. */
  readonly parents: readonly string[];
  readonly property: string;
}

/** Undefined if the path leads to no int64 field. */
export function findSelfField(type: DescMessage, path: string): SelfField | undefined {
  const names = path.split(".");
  const last = names.pop();
  const parents: string[] = [];
  let current: DescMessage | undefined = type;
  for (const name of names) {
    const field: DescMessage["fields"][number] | undefined = current?.fields.find((one) => one.name === name);
    // A member of a oneof is not a property of its message.
    if (field?.message === undefined || field.oneof !== undefined || field.fieldKind === "map") {
      return undefined;
    }
    parents.push(field.localName);
    current = field.message;
  }
  const field = current?.fields.find((one) => one.name === last);
  return field?.fieldKind === "scalar" && field.scalar === ScalarType.INT64 && field.oneof === undefined
    ? { path, parents, property: field.localName }
    : undefined;
}

/** A message by the properties that its generated type has: the descriptor has vouched for the path. */
type Properties = Record<string, unknown>;

/**
 * Makes a request speak for one user only: an empty field becomes that user.
 *
 * @throws Failure `not_found` if it names somebody else. That there may be such a user is none of the caller's business.
 */
export function limitToUser(field: SelfField, request: Message, userId: bigint): void {
  let messages: unknown[] = [request];
  for (const parent of field.parents) {
    messages = messages.flatMap((message) => (message as Properties)[parent] ?? []);
  }
  for (const message of messages as Properties[]) {
    const named = message[field.property];
    if (named === 0n) {
      message[field.property] = userId;
    } else if (named !== userId) {
      throw new Failure(
        "not_found",
        `${field.path}: there is no user ${String(named)} for whom you may act. Leave it empty to act for yourself.`,
        { reason: "USER_NOT_FOUND" },
      );
    }
  }
}

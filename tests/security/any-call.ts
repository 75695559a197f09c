import { create, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";
import type { Outcome } from "./allow-list.ts";

/** Fields that say whose object a request is about, by their names in all contracts. */
export interface Subject {
  readonly userId: bigint;
  readonly orderId: bigint;
  readonly productToken: string;
}

/** A request of any type that is about this subject, and says nothing else. */
export function requestAbout(type: DescMessage, subject: Subject): Message {
  const message = create(type);
  const reflected = reflect(type, message);
  for (const field of type.fields) {
    if (field.fieldKind === "scalar") {
      const value = {
        user_id: subject.userId,
        user: subject.userId,
        order_id: subject.orderId,
        token: subject.productToken,
        // So that a call gets as far as looking for the owner.
        payment_method_token: "none",
        action: "make payment",
        timer: "none",
        code: "0000000000",
        idempotency_key: "matrix",
      }[field.name];
      if (value !== undefined) {
        reflected.set(field, value);
      }
    } else if (field.fieldKind === "message" && field.name === "preferences") {
      reflected.set(field, reflect(field.message, requestAbout(field.message, subject)));
    } else if (field.fieldKind === "list" && field.name === "orders" && field.listKind === "message") {
      reflected.get(field).add(reflect(field.message, requestAbout(field.message, subject)));
    }
  }
  return message;
}

/** Makes any call. Of a stream that begins it takes the first message and leaves. */
export async function callAny(
  transport: Transport,
  method: DescMethod,
  request: Message,
  headers: Record<string, string>,
): Promise<{ readonly outcome: Outcome; readonly error: ConnectError | undefined }> {
  const leave = new AbortController();
  // A client for any service can not have the types of one.
  const client = createClient(method.parent, transport) as unknown as Record<
    string,
    (request: Message, options: object) => Promise<unknown> & AsyncIterable<unknown>
  >;
  const options = { headers, signal: leave.signal, timeoutMs: 10_000 };
  try {
    const call = client[method.localName]!(request, options);
    if (method.methodKind === "unary") {
      await call;
    } else {
      await call[Symbol.asyncIterator]().next();
    }
    return { outcome: "let in", error: undefined };
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    return { outcome: outcomeOf(error), error };
  } finally {
    leave.abort();
  }
}

/** What a handler itself refuses, it was called for. */
function outcomeOf(error: ConnectError): Outcome {
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  switch (error.code) {
    case Code.Unauthenticated:
      return "Unauthenticated";
    case Code.PermissionDenied:
      return "PermissionDenied";
    case Code.NotFound:
      return ["USER_NOT_FOUND", "ORDER_NOT_FOUND", "PAYMENT_NOT_FOUND"].includes(reason)
        ? "NotFound"
        : "let in";
    case Code.Internal:
    case Code.Unknown:
    case Code.Unimplemented:
    case Code.DeadlineExceeded:
    case Code.ResourceExhausted:
    case Code.Unavailable:
      throw error;
    default:
      return "let in";
  }
}

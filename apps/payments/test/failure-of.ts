import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@ordermesh/proto/google/rpc/error_details_pb";

/** What a call was refused with, in short. */
export async function failureOf(call: Promise<unknown>): Promise<{
  readonly code: string;
  readonly reason: string | undefined;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly string[];
}> {
  const error = await call.then(
    () => {
      throw new Error("It was not refused.");
    },
    (thrown) => ConnectError.from(thrown),
  );
  const [info] = error.findDetails(ErrorInfoSchema);
  const [request] = error.findDetails(BadRequestSchema);
  return {
    code: Code[error.code],
    reason: info?.reason,
    message: error.rawMessage,
    metadata: info?.metadata ?? {},
    fields: request?.fieldViolations.map(({ field }) => field) ?? [],
  };
}

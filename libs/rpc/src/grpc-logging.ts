import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/**
 * grpc-js prints headers that it cannot read to standard error, with their values: a mistyped token would be in the log,
 * and anyone could fill it. What matters of its errors reaches us as the status of a call.
 */
export function silenceGrpcLog(): void {
  setLogVerbosity(logVerbosity.NONE);
}

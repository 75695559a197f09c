import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import type { ActiveCall } from "./active-call.ts";
import type { MethodGuard } from "./authorization.ts";
import type { CallRegistry } from "./call-registry.ts";
import { startDeadline } from "./deadline.ts";
import { connectErrorOf, internalError } from "./failure-mapping.ts";
import { guardOutput } from "./guarded-output.ts";
import type { RpcLimits } from "./limits.ts";
import type { Measurement, ServerTelemetry } from "./server-telemetry.ts";
import { isUpstreamError } from "./upstream-error.ts";
import { failureFromRpc } from "./upstream-failure.ts";
import type { Validation } from "./validation.ts";

/**
 * What every call passes through, on both stacks and in this order: telemetry, deadline, mapping of errors,
 * authorization, validation. These are no separate interceptors, because each of them would cost every call a promise and a closure.
 */
export interface ServerChain {
  /**
   * @param run the handler, with the interceptors of the service around it.
   * @throws ConnectError and nothing else: what the client is to get.
   */
  unary<Response>(
    call: ActiveCall,
    method: DescMethod,
    request: Message,
    run: () => Promise<Response>,
  ): Promise<Response>;
  /** The same for a call that streams in one direction or in both. The iterable throws nothing but ConnectError either. */
  stream(
    call: ActiveCall,
    method: DescMethod,
    requests: AsyncIterable<Message>,
    run: (requests: AsyncIterable<Message>) => Promise<AsyncIterable<Message>>,
  ): Promise<AsyncIterable<Message>>;
}

export function createServerChain(options: {
  readonly telemetry: ServerTelemetry;
  readonly validation: Validation;
  readonly limits: RpcLimits;
  readonly calls: CallRegistry;
  /** Methods without one are open to anybody. */
  readonly guards: ReadonlyMap<DescMethod, MethodGuard>;
}): ServerChain {
  const { telemetry, validation, limits, calls, guards } = options;

  /** Records the outcome, once, and returns the error to send. */
  function finish(
    call: ActiveCall,
    measurement: Measurement,
    timer: NodeJS.Timeout | undefined,
    error?: unknown,
  ) {
    const sent = error === undefined ? undefined : outcomeOf(call, error);
    if (!call.finished) {
      call.finished = true;
      call.onAbort = undefined;
      clearTimeout(timer);
      calls.delete(call);
      telemetry.end(measurement, call, sent);
    }
    return sent;
  }

  return {
    async unary(call, method, request, run) {
      calls.add(call);
      const measurement = telemetry.begin(call, method);
      let timer: NodeJS.Timeout | undefined;
      try {
        timer = startDeadline(call, limits);
        const guard = guards.get(method);
        if (guard !== undefined) {
          const admission = guard.admit(call.origin);
          call.admission = admission instanceof Promise ? await untilAborted(call, admission) : admission;
        }
        if (call.requestError !== undefined) {
          throw call.requestError;
        }
        guard?.checkRequest(call.admission, request);
        validation.check(method.input, request);
        const response = await untilAborted(call, run());
        finish(call, measurement, timer);
        return response;
      } catch (error) {
        throw finish(call, measurement, timer, error);
      }
    },
    async stream(call, method, requests, run) {
      calls.add(call);
      const measurement = telemetry.begin(call, method);
      let timer: NodeJS.Timeout | undefined;
      try {
        timer = startDeadline(call, limits);
        const guard = guards.get(method);
        if (guard !== undefined) {
          call.admission = await untilAborted(call, Promise.resolve(guard.admit(call.origin)));
        }
        const check = (message: Message) => {
          guard?.checkRequest(call.admission, message);
          validation.check(method.input, message);
        };
        const output = await untilAborted(call, run(checkedInput(requests, check)));
        return guardOutput(call, output, (error) => finish(call, measurement, timer, error));
      } catch (error) {
        throw finish(call, measurement, timer, error);
      }
    },
  };
}

/** Settles like the work, or fails as soon as the call is aborted. The handler's own end is then of no interest. */
function untilAborted<Result>(call: ActiveCall, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    call.onAbort = reject;
    if (call.abortReason !== undefined) {
      reject(call.abortReason);
    }
    work.then(resolve, reject);
  });
}

/** The error that the client gets. Once a call was aborted, that is the reason; its handler's error only follows it. */
function outcomeOf(call: ActiveCall, error: unknown): ConnectError {
  if (call.abortReason !== undefined) {
    return call.abortReason;
  }
  if (error instanceof Failure) {
    return connectErrorOf(error);
  }
  if (isUpstreamError(error)) {
    const failure = failureFromRpc(error);
    return failure.kind === "internal" ? internalError(error, call.traceId) : connectErrorOf(failure);
  }
  return error instanceof ConnectError ? error : internalError(error, call.traceId);
}

/** Checks each message that a client streams, and makes one that cannot be read the client's mistake. */
async function* checkedInput(
  messages: AsyncIterable<Message>,
  check: (message: Message) => void,
): AsyncIterable<Message> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const result = await iterator.next().catch((error: unknown) => {
        throw unreadable(error);
      });
      if (result.done) {
        return;
      }
      check(result.value);
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Connect calls a message that it cannot parse an internal error, though it is the client who sent it. */
function unreadable(error: unknown): unknown {
  return error instanceof ConnectError && error.code === Code.Internal
    ? new ConnectError(error.rawMessage, Code.InvalidArgument)
    : error;
}

import type { ConnectError } from "@connectrpc/connect";
import { type ActiveCall, clientEnded } from "./active-call.ts";

/** Records the outcome of a call; returns the error to send for the error given. */
type Finish = (error?: unknown) => ConnectError | undefined;

/**
 * The messages of a stream, ended at once when its call is aborted, also while the handler waits for something, and
 * while nobody reads. The handler's iterator is always closed, so that its `finally` blocks run.
 */
export function guardOutput<Message>(
  call: ActiveCall,
  output: AsyncIterable<Message>,
  finish: Finish,
): AsyncIterable<Message> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = output[Symbol.asyncIterator]();
      let rejectPending: ((error: unknown) => void) | undefined;
      let ended: { error: ConnectError | undefined } | undefined;

      function end(error?: unknown): ConnectError | undefined {
        if (ended === undefined) {
          // A handler that returns because it was asked to end has not come to the natural end of its stream.
          ended = { error: finish(error ?? call.abortReason) };
        }
        return ended.error;
      }

      call.onAbort = (reason) => {
        const error = end(reason);
        rejectPending?.(error);
        closeQuietly(iterator);
      };

      return {
        next() {
          return new Promise<IteratorResult<Message>>((resolve, reject) => {
            if (ended !== undefined) {
              settleEnd(ended.error, resolve, reject);
              return;
            }
            rejectPending = reject;
            iterator.next().then(
              (result) => {
                rejectPending = undefined;
                if (ended === undefined && result.done !== true) {
                  resolve(result);
                } else {
                  settleEnd(end(), resolve, reject);
                }
              },
              (error: unknown) => {
                rejectPending = undefined;
                reject(end(error));
              },
            );
          });
        },
        return() {
          end(clientEnded());
          closeQuietly(iterator);
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}

function settleEnd(
  error: ConnectError | undefined,
  resolve: (result: { done: true; value: undefined }) => void,
  reject: (error: unknown) => void,
): void {
  if (error === undefined) {
    resolve({ done: true, value: undefined });
  } else {
    reject(error);
  }
}

/** Not awaited: a handler that waits for something that never comes would hold the answer back. */
function closeQuietly(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(() => undefined);
}

import { create } from "@bufbuild/protobuf";
import { Failure } from "@ordermesh/failure/failure";
import {
  type BatchCreateOrdersResult,
  BatchCreateOrdersResultSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { codeOf } from "@ordermesh/rpc/failure-mapping";
import type { CreateOutcome } from "../create-orders.ts";
import { createOrderResponse } from "./messages.ts";

/** One order's result within a batch: what CreateOrder would have answered or thrown. */
export function batchResult(
  outcome: PromiseSettledResult<CreateOutcome & { kind: "created" }>,
): BatchCreateOrdersResult {
  if (outcome.status === "fulfilled") {
    const { order, replayed } = outcome.value;
    return create(BatchCreateOrdersResultSchema, {
      outcome: { case: "order", value: createOrderResponse(order, replayed) },
    });
  }
  const failure: unknown = outcome.reason;
  if (!(failure instanceof Failure)) {
    // A bug or an unforeseen error must not hide in a result: the whole call fails and is logged.
    throw failure;
  }
  return create(BatchCreateOrdersResultSchema, {
    outcome: {
      case: "error",
      value: { code: codeOf(failure.kind), reason: failure.reason, message: failure.message },
    },
  });
}

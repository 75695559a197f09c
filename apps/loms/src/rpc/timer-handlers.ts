import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type ListTimersRequest,
  type RunTimerNowRequest,
  type SkipTimerRequest,
  type Timer,
  TimerSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { callOf } from "@ordermesh/rpc/call";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import { statusMessages } from "../contract/enums.ts";
import { actorText } from "../domain/acting-roles.ts";
import { findTimer, type ShownTimer, showTimers, skipTimer, timerKinds } from "../order-timers.ts";
import type { TimerPosition } from "../sql/timers.ts";
import { codeOfStatus } from "../workflows/states.ts";
import type { WorkflowHandlers } from "./workflow-handlers.ts";
import { historyEntries } from "./workflow-messages.ts";

type Context = Parameters<typeof callOf>[0];

const pageSizeDefault = 50;

/** The calls of LomsService that are about timers: the task monitor. */
export function timerCalls(handlers: WorkflowHandlers) {
  const { database, desk } = handlers;
  return {
    async listTimers({ orderId, timers, pageSize, pageToken }: ListTimersRequest) {
      const filter = { orderId, kinds: timerKinds(timers) };
      const query = { orderId: `${orderId}`, kinds: filter.kinds };
      const after = positionOf(decodePageToken(pageToken, query, 4));
      const page = await database.read((db) => showTimers(db, filter, after, pageSize || pageSizeDefault));
      const next = page.next;
      return {
        timers: page.timers.map(timerMessage),
        nextPageToken:
          next === undefined
            ? ""
            : encodePageToken([next.dueAt, `${next.subjectId}`, next.kind, `${next.sku}`], query),
      };
    },

    async runTimerNow({ orderId, timer: kind, itemSku }: RunTimerNowRequest, context: Context) {
      const call = callOf(context);
      const { sku, step } = await database.read((db) => findTimer(db, { orderId, kind, sku: itemSku }));
      const outcome = await desk.change(
        {
          command: "fire",
          orderId,
          timer: kind,
          sku,
          step,
          early: true,
          actor: actorText(call.principal),
          traceparent: call.traceparent,
        },
        call,
      );
      if (outcome.kind === "refused") {
        throw outcome.failure;
      }
      const head = outcome.after?.head;
      return {
        version: outcome.version,
        ...(head !== undefined && {
          status: statusMessages[head.status],
          stateCode: codeOfStatus(head.status),
        }),
        steps: historyEntries(outcome.after?.steps ?? [], call),
      };
    },

    async skipTimer({ orderId, timer: kind, itemSku, reason }: SkipTimerRequest, context: Context) {
      const { principal } = callOf(context);
      const actor = actorText(principal);
      const skipped = await database.transaction((tx) =>
        skipTimer(tx, { orderId, kind, sku: itemSku }, { actor, reason }),
      );
      handlers.logger.info(
        { order_id: `${orderId}`, timer: kind, sku: itemSku, actor, reason },
        "timer skipped",
      );
      return { timer: timerMessage(skipped) };
    },
  };
}

function timerMessage({ subjectId, kind, sku, step, dueAt, action, isLive }: ShownTimer): Timer {
  return create(TimerSchema, {
    orderId: subjectId,
    timer: kind,
    itemSku: sku,
    step,
    dueTime: dueAt && timestampFromDate(dueAt),
    action,
    live: isLive,
  });
}

function positionOf(parts: readonly string[] | undefined): TimerPosition | undefined {
  if (parts === undefined) {
    return undefined;
  }
  const [dueAt = "", subjectId = "", kind = "", sku = ""] = parts;
  const isTime =
    dueAt === "infinity" || /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/.test(dueAt);
  if (!isTime || !/^\d{1,18}$/.test(subjectId) || !/^\d{1,10}$/.test(sku)) {
    throw malformed("is malformed");
  }
  return { dueAt, subjectId: BigInt(subjectId), kind, sku: Number(sku) };
}

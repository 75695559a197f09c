import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import {
  type ApplyActionRequest,
  ApplyActionRequestSchema,
  type ApplyActionResponse,
  ApplyActionResponseSchema,
  type ExplainRequest,
  type GetHistoryRequest,
  type GetWorkflowRequest,
  type ListAllowedActionsRequest,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { type Call, callOf } from "@ordermesh/rpc/call";
import type { Logger } from "@ordermesh/telemetry/logger";
import type { OrderAfterAction } from "../change-orders.ts";
import { statusMessages } from "../contract/enums.ts";
import { actingRoles, actorText, fitsOrder, shownRoles } from "../domain/acting-roles.ts";
import { heldByTables } from "../domain/change-failures.ts";
import { explainAction } from "../domain/explain-action.ts";
import type { OrderStep } from "../domain/order-step.ts";
import { snapshotOf, workflowOf } from "../domain/stored-order.ts";
import { explainedUntil, findResultOf } from "../order-actions.ts";
import type { OrderDesk } from "../order-desk.ts";
import type { OrderReader } from "../order-reader.ts";
import { findSteps } from "../sql/order-history.ts";
import { findTimerSkips } from "../sql/timer-skips.ts";
import type { Durations } from "../workflows/durations.ts";
import { listActions } from "../workflows/list-actions.ts";
import { findWorkflow, newestWorkflow } from "../workflows/registry.ts";
import { codeOfStatus } from "../workflows/states.ts";
import { workflowMessage } from "./definition-messages.ts";
import { historyEntries, itemMessages, parametersOf, skippedTimer } from "./workflow-messages.ts";

export interface WorkflowHandlers {
  readonly desk: OrderDesk;
  readonly database: Database;
  readonly reader: OrderReader;
  /** How long timers wait in this installation. */
  readonly durations: Durations;
  /** The longest that a buyer may take to pay. */
  readonly paymentWindowMs: number;
  readonly logger: Logger;
}

type Context = Parameters<typeof callOf>[0];

const historyPageSize = 100;

/** More steps than the diagrams of any order need. */
const stepsShownMax = 1_000;

/** The calls of LomsService that are about an order's workflow. */
export function workflowCalls(handlers: WorkflowHandlers) {
  const { database, reader } = handlers;
  return {
    async listAllowedActions({ orderId, role }: ListAllowedActionsRequest, context: Context) {
      const call = callOf(context);
      const roles = shownRoles(call.principal, role);
      const { head, ...rest } = await reader.read(orderId, call.limitedToUserId, call);
      const snapshot = snapshotOf({ head, ...rest });
      const shown = roles.filter((acting) => fitsOrder(acting, head));
      return {
        version: head.version,
        status: statusMessages[head.status],
        stateCode: codeOfStatus(head.status),
        roles: shown.map((acting) => {
          const { actions, items } = listActions(workflowOf(head), snapshot, acting.role);
          return {
            role: acting.role,
            actions: [...actions],
            items: items.map(({ sku, actions: ofItem }) => ({ itemSku: sku, actions: [...ofItem] })),
          };
        }),
      };
    },

    applyAction: (request: ApplyActionRequest, context: Context) => applyAction(handlers, request, context),

    async explain({ orderId, role, action, itemSku }: ExplainRequest, context: Context) {
      const call = callOf(context);
      const roles = rolesToExplain(call.principal, role);
      const order = await reader.read(orderId, call.limitedToUserId, call);
      if ("reason" in roles) {
        return { allowed: false, ...roles, stateCode: codeOfStatus(order.head.status) };
      }
      const own = roles.filter((acting) => fitsOrder(acting, order.head));
      if (own.length === 0) {
        const { message } = heldByTables(order.head);
        return {
          allowed: false,
          reason: "WRONG_ROLE",
          text: message,
          stateCode: codeOfStatus(order.head.status),
        };
      }
      const explained = explainAction(workflowOf(order.head), snapshotOf(order), {
        roles: own.map((acting) => acting.role),
        action,
        sku: itemSku,
      });
      const until = await database.read((db) => explainedUntil(db, order, itemSku));
      return { ...explained, whoMay: [...explained.whoMay], untilTime: until && timestampFromDate(until) };
    },

    async getHistory({ orderId, afterVersion, pageSize }: GetHistoryRequest, context: Context) {
      const call = callOf(context);
      const { head } = await reader.read(orderId, call.limitedToUserId, call);
      const countMax = pageSize || historyPageSize;
      const range = { after: afterVersion, last: head.version, countMax };
      const [steps, skips] = await database.read((db) =>
        Promise.all([findSteps(db, orderId, range), findTimerSkips(db, orderId)]),
      );
      const last = steps.at(-1)?.version ?? head.version;
      return {
        entries: historyEntries(steps, call),
        nextAfterVersion: last < head.version ? last : 0,
        skippedTimers: skips.map(skippedTimer),
      };
    },

    getWorkflow: (request: GetWorkflowRequest, context: Context) => getWorkflow(handlers, request, context),
  };
}

/** The roles to explain for, or why there is nothing to explain. */
function rolesToExplain(...asked: Parameters<typeof shownRoles>) {
  try {
    return actingRoles(...asked);
  } catch (error) {
    if (error instanceof Failure && error.kind === "invalid_argument") {
      return { reason: error.reason, text: error.message, role: asked[1] };
    }
    throw error;
  }
}

async function applyAction(
  { desk, database, reader }: WorkflowHandlers,
  request: ApplyActionRequest,
  context: Context,
): Promise<ApplyActionResponse> {
  const call = callOf(context);
  const { orderId, action, itemSku, expectedVersion, idempotencyKey, actingUserId } = request;
  if (actingUserId !== 0n && call.principal.kind === "user") {
    throw actsForHimself();
  }
  const outcome = await desk.change(
    {
      command: "act",
      orderId,
      roles: actingRoles(call.principal, request.role),
      action,
      sku: itemSku,
      parameters: parametersOf(request.parameters),
      expectedVersion,
      intent:
        idempotencyKey === ""
          ? undefined
          : { caller: actorText(call.principal), key: idempotencyKey, requestHash: hashOf(request) },
      actor: actorText(call.principal, actingUserId),
      traceparent: call.traceparent,
      limitedToUserId: call.limitedToUserId,
    },
    call,
  );
  if (outcome.kind === "refused") {
    throw outcome.failure;
  }
  if (outcome.after !== undefined) {
    return actionResponse(outcome.after, outcome.after.steps, request, call);
  }
  const order = await reader.read(orderId, call.limitedToUserId, call);
  const steps = await database.read((db) => findResultOf(db, orderId, outcome.version));
  return { ...actionResponse({ ...order, steps }, steps, request, call), replayed: true };
}

function actionResponse(
  after: OrderAfterAction,
  steps: readonly OrderStep[],
  { itemSku }: ApplyActionRequest,
  call: Call,
): ApplyActionResponse {
  const last = steps.at(-1);
  const status = last?.status ?? after.head.status;
  const items = itemMessages({ ...after, fulfillment: undefined, voucher: undefined, table: undefined });
  return create(ApplyActionResponseSchema, {
    version: last?.version ?? after.head.version,
    status: statusMessages[status],
    stateCode: codeOfStatus(status),
    event: steps[0]?.event,
    steps: historyEntries(steps, call),
    item: items.find((item) => item.sku === (itemSku || steps[0]?.sku)),
  });
}

function actsForHimself(): Failure {
  const description = "is for services: a user acts for himself";
  return new Failure("invalid_argument", `acting_user_id: ${description}.`, {
    reason: "INVALID_PARAMETERS",
    fieldViolations: [{ field: "acting_user_id", description }],
  });
}

/** Two requests with one key must agree in it. Which version was expected, and who asked, is no part of what is wanted. */
function hashOf(request: ApplyActionRequest): string {
  const wanted = { ...request, idempotencyKey: "", expectedVersion: 0, actingUserId: 0n };
  return createHash("sha256").update(toBinary(ApplyActionRequestSchema, wanted)).digest("hex");
}

async function getWorkflow(
  { database, reader, durations, paymentWindowMs }: WorkflowHandlers,
  { name, version, orderId }: GetWorkflowRequest,
  context: Context,
) {
  const waits = { ...durations, payment_window: paymentWindowMs, voucher_validity: 0 };
  if (orderId !== 0n) {
    const call = callOf(context);
    const { head } = await reader.read(orderId, call.limitedToUserId, call);
    const range = { after: 0, last: head.version, countMax: stepsShownMax };
    const steps = await database.read((db) => findSteps(db, orderId, range));
    return { workflow: workflowMessage(workflowOf(head), waits, steps) };
  }
  const definition = version === 0 ? newestWorkflow(name) : findWorkflow(name, version);
  if (definition === undefined) {
    throw new Failure("not_found", `There is no workflow ${name}${version === 0 ? "" : `@${version}`}.`, {
      reason: "WORKFLOW_NOT_FOUND",
    });
  }
  return { workflow: workflowMessage(definition, waits, undefined) };
}

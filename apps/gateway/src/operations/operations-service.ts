import { create } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@connectrpc/connect";
import {
  type ListDeadLettersRequest,
  OperationsService,
  type RedriveDeadLettersRequest,
  RedriveDeadLettersResponseSchema,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import type { Call } from "@ordermesh/rpc/call";
import type { OwnService } from "../own-services/own-methods.ts";
import type { PassedOn } from "../upstreams.ts";
import { createBacklogs } from "./ask-backlogs.ts";
import { createServiceStates, type WatchedService } from "./service-states.ts";

/** What those who run the installation look at, put together from all services. */
export function operationsService(options: {
  /** Services with their addresses, also the gateway's own. */
  readonly services: () => readonly WatchedService[];
  /** Of those that may keep a backlog, by their names. */
  readonly transports: Readonly<Record<string, Transport>>;
}): OwnService {
  const listServices = createServiceStates(options.services);
  const backlogs = createBacklogs(options.transports);
  return {
    service: OperationsService,
    streams: {},
    unary: {
      ListServices: listServices,
      ListBacklogs: (_, call, passedOn) => backlogs.list(optionsOf(call, passedOn)),
      ListDeadLetters: (request, call, passedOn) =>
        backlogs.listDeadLetters((request as ListDeadLettersRequest).service, optionsOf(call, passedOn)),
      async RedriveDeadLetters(request, call, passedOn) {
        const redriven = await backlogs.redrive(
          request as RedriveDeadLettersRequest,
          optionsOf(call, passedOn),
        );
        return create(RedriveDeadLettersResponseSchema, { redriven });
      },
    },
  };
}

function optionsOf(call: Call, { authorization, clientAddress }: PassedOn): CallOptions {
  return {
    signal: call.signal,
    timeoutMs: call.remainingMs(),
    headers: {
      traceparent: call.traceparent,
      ...(authorization !== null && { authorization }),
      ...(clientAddress !== "" && { "x-forwarded-for": clientAddress }),
    },
  };
}

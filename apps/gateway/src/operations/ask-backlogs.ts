import { create, type Message } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { Failure } from "@ordermesh/failure/failure";
import { BacklogService, GivenUpRecordSchema } from "@ordermesh/proto/ordermesh/operations/v1/backlog_pb";
import {
  type DeadLetter,
  DeadLetterSchema,
  type ListBacklogsResponse,
  ListBacklogsResponseSchema,
  type ListDeadLettersResponse,
  ListDeadLettersResponseSchema,
  ServiceBacklogSchema,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { traceIdOf } from "@ordermesh/telemetry/tracing";
import { upstreamFailure } from "../upstream-failure.ts";
import { eventJson } from "./event-payload.ts";

type BacklogClient = Client<typeof BacklogService>;

/** What a service said, or why it did not. Undefined: this one keeps no backlog. */
type Answered<Answer> = { readonly answer: Answer } | { readonly problem: Failure } | undefined;

/** The backlogs of all services. They decide who may see them, by the caller's token. */
export interface Backlogs {
  list(options: CallOptions): Promise<ListBacklogsResponse>;
  /** @param service empty: of all. @throws Failure `not_found` for a service that has none. */
  listDeadLetters(service: string, options: CallOptions): Promise<ListDeadLettersResponse>;
  /** @throws Failure `not_found` for a service that has none. */
  redrive(
    request: { readonly service: string; readonly group: string; readonly ids: readonly string[] },
    options: CallOptions,
  ): Promise<number>;
}

export function createBacklogs(transports: Readonly<Record<string, Transport>>): Backlogs {
  const clients = new Map(
    Object.entries(transports).map(([name, transport]) => [name, createClient(BacklogService, transport)]),
  );

  function clientOf(service: string): BacklogClient {
    const client = clients.get(service);
    if (client === undefined) {
      throw hasNoBacklog(service);
    }
    return client;
  }

  function hasNoBacklog(service: string): Failure {
    const names = [...clients.keys()].join(", ");
    return new Failure(
      "not_found",
      `The service "${service}" has no dead letters; these may have: ${names}.`,
      {
        reason: "SERVICE_NOT_FOUND",
      },
    );
  }

  return {
    async list(options) {
      const asked = [...clients].map(async ([service, client]) => {
        const answered = await ask(service, client.getBacklog({}, options));
        return answered === undefined
          ? []
          : "problem" in answered
            ? [create(ServiceBacklogSchema, { service, problem: answered.problem.message })]
            : [create(ServiceBacklogSchema, { service, backlog: answered.answer.backlog })];
      });
      return create(ListBacklogsResponseSchema, {
        backlogs: (await Promise.all(asked)).flat(),
        checkedTime: timestampNow(),
      });
    },

    async listDeadLetters(service, options) {
      const chosen = service === "" ? [...clients] : [[service, clientOf(service)] as const];
      const response = create(ListDeadLettersResponseSchema);
      await Promise.all(
        chosen.map(async ([name, client]) => {
          const answered = await ask(name, client.listGivenUpRecords({}, options));
          if (answered !== undefined && "problem" in answered) {
            response.problems[name] = answered.problem.message;
          } else if (answered !== undefined) {
            response.total += answered.answer.total;
            response.deadLetters.push(...answered.answer.records.map((record) => deadLetter(name, record)));
          }
        }),
      );
      response.deadLetters.sort((a, b) => givenUpAt(a) - givenUpAt(b));
      return response;
    },

    async redrive({ service, group, ids }, options) {
      const answered = await ask(
        service,
        clientOf(service).redriveGivenUpRecords({ group, ids: [...ids] }, options),
      );
      if (answered === undefined) {
        throw hasNoBacklog(service);
      }
      if ("problem" in answered) {
        throw answered.problem;
      }
      return answered.answer.redriven;
    },
  };
}

/** @throws Failure if the caller may not know: then no service would tell. */
async function ask<Answer extends Message>(
  service: string,
  call: Promise<Answer>,
): Promise<Answered<Answer>> {
  try {
    return { answer: await call };
  } catch (error) {
    const problem = upstreamFailure(service, error);
    if (problem.kind === "unimplemented") {
      return undefined;
    }
    if (problem.kind === "unauthenticated" || problem.kind === "permission_denied") {
      throw problem;
    }
    return { problem };
  }
}

function deadLetter(service: string, record: DeadLetter["record"] & object): DeadLetter {
  return create(DeadLetterSchema, {
    service,
    record: create(GivenUpRecordSchema, { ...record, value: new Uint8Array() }),
    payloadJson: eventJson(record.eventType, record.value),
    traceId: traceIdOf(record.traceparent),
  });
}

function givenUpAt({ record }: DeadLetter): number {
  const { seconds = 0n, nanos = 0 } = record?.givenUpTime ?? {};
  return Number(seconds) * 1_000 + nanos / 1_000_000;
}

import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { CheckoutAdminService, CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { InventoryService } from "@ordermesh/proto/ordermesh/loms/v1/inventory_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { NotificationsService } from "@ordermesh/proto/ordermesh/notifications/v1/notifications_pb";
import { VerificationService } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { PaymentsService } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import type { Call } from "@ordermesh/rpc/call";
import { upstreamFailure } from "./upstream-failure.ts";

/** Which services stand behind each address. */
export const servicesBehind = {
  loms: [LomsService, InventoryService],
  checkout: [CheckoutService, CheckoutAdminService],
  product: [ProductService],
  payments: [PaymentsService],
  notifications: [NotificationsService],
  identity: [IdentityService],
  tables: [LocationsService, TablesService],
  verify: [VerificationService],
} as const satisfies Readonly<Record<string, readonly DescService[]>>;

export type UpstreamName = keyof typeof servicesBehind;

export const upstreamNames = Object.keys(servicesBehind) as UpstreamName[];

/** What of a request goes on with its call, besides deadline and cancellation. */
export interface PassedOn {
  /** The header as it came; null if there was none. */
  readonly authorization: string | null;
  /** The address of the client, as far as the gateway can tell. */
  readonly clientAddress: string;
}

/** Makes the calls of clients at the services that they are for. */
export interface Upstreams {
  unary(method: DescMethod, request: Message, call: Call, passedOn: PassedOn): Promise<Message>;
  serverStream(
    method: DescMethod,
    requests: AsyncIterable<Message>,
    call: Call,
    passedOn: PassedOn,
  ): AsyncIterable<Message>;
}

export function createUpstreams(transports: Readonly<Record<UpstreamName, Transport>>): Upstreams {
  const nameOf = new Map<DescService, UpstreamName>(
    upstreamNames.flatMap((name) => servicesBehind[name].map((service) => [service, name] as const)),
  );
  const upstreamOf = ({ parent }: DescMethod) => {
    const name = nameOf.get(parent);
    if (name === undefined) {
      throw new Error(`Nobody serves ${parent.typeName}.`);
    }
    return { name, transport: transports[name] };
  };
  return {
    async unary(method, request, call, passedOn) {
      const { name, transport } = upstreamOf(method);
      try {
        const response = await transport.unary(
          method as DescMethod & { methodKind: "unary" },
          call.signal,
          call.remainingMs(),
          headersOf(call, passedOn),
          request,
        );
        return response.message;
      } catch (error) {
        throw upstreamFailure(name, error);
      }
    },

    async *serverStream(method, requests, call, passedOn) {
      const { name, transport } = upstreamOf(method);
      try {
        const response = await transport.stream(
          method as DescMethod & { methodKind: "server_streaming" },
          call.signal,
          call.remainingMs(),
          headersOf(call, passedOn),
          requests,
        );
        yield* response.message;
      } catch (error) {
        throw upstreamFailure(name, error);
      }
    },
  };
}

/** Nothing else goes on: a header that a client makes up must not mean anything to a service. */
function headersOf(call: Call, { authorization, clientAddress }: PassedOn): Record<string, string> {
  return {
    traceparent: call.traceparent,
    ...(authorization !== null && { authorization }),
    ...(clientAddress !== "" && { "x-forwarded-for": clientAddress }),
  };
}

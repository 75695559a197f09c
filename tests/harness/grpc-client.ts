import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";

export interface GrpcClientOptions {
  readonly retries?: boolean;
  readonly timeoutMs?: number;
  /** Of a caller, where the service asks who calls. */
  readonly token?: string;
}

/**
 * A client as a service would use it, to one or several addresses with commas between.
 *
 * @param options.retries false: nothing is tried again by the transport, so that the test sees every call that failed.
 * @param options.timeoutMs deadline of every call; 30 s unless told.
 */
export async function openGrpcClient<Service extends DescService>(
  service: Service,
  address: string,
  options: GrpcClientOptions = {},
): Promise<{ readonly client: Client<Service>; close(): void }> {
  const { transport, close } = createGrpcTransport({
    address,
    // Which methods may be tried again is read from the contracts of these.
    services: options.retries === false ? [] : [service],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: options.timeoutMs ?? 30_000,
    ...(options.token !== undefined && { credentials: () => options.token ?? "" }),
  });
  return { client: createClient(service, transport), close };
}

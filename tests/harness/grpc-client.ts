import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@ordermesh/rpc/client";
import { createMetrics } from "@ordermesh/telemetry/metrics";
import { startTracing } from "@ordermesh/telemetry/tracing";

/** A client as a service would use it, to one or several addresses with commas between. */
export async function openGrpcClient<Service extends DescService>(
  service: Service,
  address: string,
): Promise<{ readonly client: Client<Service>; close(): void }> {
  const { transport, close } = createGrpcTransport({
    address,
    services: [service],
    metrics: createMetrics({ service: "test", version: "0" }),
    tracing: await startTracing({ service: "test", version: "0", endpoint: undefined, sampleRatio: 1 }),
    defaultTimeoutMs: 30_000,
  });
  return { client: createClient(service, transport), close };
}

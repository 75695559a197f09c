import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";

/**
 * The gRPC service config of a client: balance over all addresses, and try a call again when a server is unavailable,
 * but only if the contract says that doing it twice does no harm.
 *
 * grpc-js drops a config that it cannot read without a word; a test proves that traffic really spreads.
 */
export function serviceConfigOf(services: readonly DescService[]): string {
  const name = services
    .flatMap((service) => service.methods)
    .filter(isIdempotent)
    .map((method) => ({ service: method.parent.typeName, method: method.name }));
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: "0.05s",
    maxBackoff: "0.5s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  };
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length > 0 ? [{ name, retryPolicy }] : [],
    // While more than half of the calls fail, retries would only add to the trouble.
    retryThrottling: { maxTokens: 100, tokenRatio: 0.5 },
  });
}

function isIdempotent(method: DescMethod): boolean {
  return method.idempotency === Idempotency.NO_SIDE_EFFECTS || method.idempotency === Idempotency.IDEMPOTENT;
}

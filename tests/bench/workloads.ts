import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type CreateOrderRequest,
  CreateOrderRequestSchema,
  type OrderLineInputSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { randomFrom, type SeededRandom } from "@ordermesh/testkit/seeded-random";

/** How buyers choose. Uniform and Zipf orders have 1 to 5 lines, as many of each; all of a hot one's are one unit. */
export type Workload = "uniform" | "zipf" | "hot";

export const skuCount = 10_000;
export const warehouseIds = [1n, 2n, 3n] as const;

/** More than any run sells. */
export const unitsPerLevel = 100_000_000;

const hotSku = 1;
const userCount = 100_000;

/** Requests of one workload, each with a key that was never used. The same seed makes the same lines. */
export function orderRequests(workload: Workload, seed: number): () => CreateOrderRequest {
  const random = randomFrom(seed);
  const pickSku = workload === "zipf" ? zipf(random) : () => random.integer(1, skuCount);
  const run = randomUUID();
  let count = 0;
  return () => {
    count += 1;
    const skus = workload === "hot" ? [hotSku] : distinct(random.integer(1, 5), pickSku);
    return create(CreateOrderRequestSchema, {
      userId: BigInt(random.integer(1, userCount)),
      idempotencyKey: `${run}-${count}`,
      lines: skus.map((sku) => lineOf(sku, workload === "hot" ? 1 : random.integer(1, 3))),
    });
  };
}

function lineOf(sku: number, quantity: number): MessageInitShape<typeof OrderLineInputSchema> {
  return {
    sku,
    quantity,
    name: `Product number ${sku}`,
    unitPrice: { currencyCode: "EUR", amountMinor: BigInt(100 + (sku % 900)) },
  };
}

function distinct(count: number, pick: () => number): number[] {
  const picked = new Set<number>();
  while (picked.size < count) {
    picked.add(pick());
  }
  return [...picked];
}

/** SKU k is chosen with a probability proportional to 1/k, as sales of large catalogues are spread. */
function zipf(random: SeededRandom): () => number {
  const cumulative: number[] = [];
  let sum = 0;
  for (let sku = 1; sku <= skuCount; sku += 1) {
    sum += 1 / sku;
    cumulative.push(sum);
  }
  return () => {
    const target = random.next() * sum;
    let low = 0;
    let high = skuCount - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < target) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low + 1;
  };
}

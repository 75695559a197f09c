import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { useMutation } from "@tanstack/react-query";
import { useReadAnew } from "../read-anew.ts";
import type { RedriveStep } from "./redrive-plan.ts";

/** What became of one call. */
export interface RedriveResult {
  readonly step: RedriveStep;
  readonly redriven: number;
  /** Undefined: it went well. */
  readonly error: unknown;
}

/** Sends letters back, group by group. A group that cannot be reached does not keep the others. */
export function useRedrive() {
  const client = createClient(OperationsService, useTransport());
  const readAnew = useReadAnew([
    OperationsService.method.listDeadLetters,
    OperationsService.method.listBacklogs,
  ]);
  return useMutation({
    mutationFn: async (steps: readonly RedriveStep[]): Promise<readonly RedriveResult[]> => {
      const results: RedriveResult[] = [];
      for (const step of steps) {
        const { service, group, ids } = step;
        try {
          const { redriven } = await client.redriveDeadLetters({ service, group, ids: [...ids] });
          results.push({ step, redriven, error: undefined });
        } catch (error) {
          results.push({ step, redriven: 0, error });
        }
      }
      return results;
    },
    onSettled: readAnew,
  });
}

import { useQuery } from "@connectrpc/connect-query";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { VerificationService } from "@ordermesh/proto/ordermesh/operations/v1/verification_pb";
import { failureText } from "../failure-text.ts";

/** How often pages of figures are read anew while somebody looks at them. A tab in the background reads nothing. */
export const everyMs = { figures: 5_000, lists: 10_000, running: 700, idle: 30_000 } as const;

/** A page that shows old figures and says so is better than one that waits for a service that is away. */
const anew = { refetchInterval: everyMs.figures, staleTime: 2_000 } as const;

export function useServices() {
  return useQuery(OperationsService.method.listServices, {}, anew);
}

export function useBacklogs() {
  return useQuery(OperationsService.method.listBacklogs, {}, anew);
}

export function useDeadLetters() {
  return useQuery(
    OperationsService.method.listDeadLetters,
    { service: "" },
    { refetchInterval: everyMs.lists, staleTime: 2_000 },
  );
}

/** The run that is under way, or the last one. Until the first one there is none, which is no failure. */
export function useVerification({ isRunning }: { readonly isRunning: boolean }) {
  const query = useQuery(
    VerificationService.method.getVerification,
    {},
    { refetchInterval: isRunning ? everyMs.running : everyMs.idle, staleTime: 500 },
  );
  const isNever = query.error !== null && failureText(query.error).reason === "NEVER_VERIFIED";
  return { query, isNever };
}

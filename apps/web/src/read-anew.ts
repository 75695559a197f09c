import type { DescMethodUnary } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";

/** Makes everything old that is shown of these methods; what is in view is read anew at once. */
export async function readAnew(queryClient: QueryClient, methods: readonly DescMethodUnary[]): Promise<void> {
  await Promise.all(
    methods.map((schema) =>
      queryClient.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) }),
    ),
  );
}

/** After something was done: reads anew what it touched. */
export function useReadAnew(methods: readonly DescMethodUnary[]): () => Promise<void> {
  const queryClient = useQueryClient();
  return () => readAnew(queryClient, methods);
}

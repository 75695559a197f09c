import { useMutation } from "@connectrpc/connect-query";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useTablesReader } from "./use-tables-reader.ts";

/** Takes an order at a table a step further. What became of it comes back live, and is read once more. */
export function useOrderStep() {
  const read = useTablesReader();
  // Also after a refusal: somebody else was faster, and what is shown is old.
  return useMutation(TablesService.method.actOnOrder, { onSettled: () => void read() });
}

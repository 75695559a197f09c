import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useReadAnew } from "../read-anew.ts";

const { getSession, listSessions, listKitchenQueue } = TablesService.method;

/** Reads what is shown of tables anew, after one has done something. */
export function useTablesReader(): () => Promise<void> {
  return useReadAnew([getSession, listSessions, listKitchenQueue]);
}

import { useQuery } from "@connectrpc/connect-query";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useTopic } from "../feed/use-topic.ts";
import { readAnew } from "../read-anew.ts";
import { takeChange } from "../tables/use-table-session.ts";

const { getSession, listSessions, listKitchenQueue } = TablesService.method;

/** Keeps all that is shown of a location's tables live: its lists, and the pictures of its sessions. */
export function usePlaceTopic(locationId: bigint): void {
  const queryClient = useQueryClient();
  const begun = useRef(0n);
  useTopic(locationId > 0n ? `location/${locationId}` : undefined, {
    touches: [listSessions, listKitchenQueue],
    onUpdate({ what }) {
      if (what.case === "sessionChange") {
        takeChange(queryClient, what.value);
      } else if (what.case === "resync" || (what.case === "checkpoint" && begun.current !== locationId)) {
        // What happened before the topic was live is in no change.
        begun.current = locationId;
        void readAnew(queryClient, [getSession]);
      }
    },
  });
}

/** A location, and what its kitchen has to do. */
export function usePlace(locationId: bigint) {
  const enabled = locationId > 0n;
  return {
    location: useQuery(LocationsService.method.getLocation, { locationId }, { enabled }),
    queue: useQuery(listKitchenQueue, { locationId }, { enabled }),
  };
}

import type { ListAllowedActionsResponse } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";

/** What the buyer may do now, as the service says: nothing else is offered. */
export interface Allowed {
  may(action: string, itemSku?: number): boolean;
}

export function allowedOf(answer: ListAllowedActionsResponse | undefined): Allowed {
  const buyer = answer?.roles.find(({ role }) => role === "B");
  return {
    may(action, itemSku) {
      const actions =
        itemSku === undefined
          ? buyer?.actions
          : buyer?.items.find((item) => item.itemSku === itemSku)?.actions;
      return actions?.includes(action) ?? false;
    },
  };
}

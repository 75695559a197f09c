import { useMutation } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { useIntentKey } from "../ui/form.tsx";
import type { ParametersInit } from "./action-parameters.ts";
import type { BoxAction, BoxRole } from "./role-boxes.ts";
import { useDeskReader } from "./use-desk-order.ts";

export interface DeskAction extends Pick<BoxAction, "action" | "itemSku"> {
  readonly role: BoxRole;
  readonly parameters: ParametersInit;
}

/** Takes an action with an order in a role. Pressed twice, it happens once. */
export function useDeskAction(orderId: bigint) {
  const { key, renew } = useIntentKey();
  const read = useDeskReader();
  const mutation = useMutation(LomsService.method.applyAction, {
    onSuccess: () => {
      renew();
      return read();
    },
  });
  return {
    error: mutation.error,
    isPending: mutation.isPending,
    /** Something was changed: it is another intent. */
    onEdit: () => {
      renew();
      mutation.reset();
    },
    take: (action: DeskAction) => mutation.mutateAsync({ orderId, idempotencyKey: key(), ...action }),
  };
}

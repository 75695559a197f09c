import { useMutation } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type {
  ActionParametersSchema,
  ApplyActionRequestSchema,
} from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useRef } from "react";
import type { MessageInput } from "./message-input.ts";
import { useIntentKey } from "./ui/form.tsx";

/** What an action is given, as the contract has it. */
export type ActionParametersInput = MessageInput<typeof ActionParametersSchema>;

/** An action with an order: which one, with which item, in which role, and what it is given. */
export type OrderActionInput = Omit<
  MessageInput<typeof ApplyActionRequestSchema>,
  "orderId" | "idempotencyKey"
> & { readonly action: string };

/**
 * Takes an action with an order. Pressed twice, it happens once.
 *
 * @param onTaken reads what the page shows anew.
 */
export function useOrderAction(orderId: bigint, onTaken: () => Promise<void>) {
  const { key, renew } = useIntentKey();
  const former = useRef("");
  const mutation = useMutation(LomsService.method.applyAction, {
    onSuccess: () => {
      renew();
      return onTaken();
    },
  });
  return {
    error: mutation.error,
    isPending: mutation.isPending,
    /** Something was changed: it is another intent. */
    onEdit: renew,
    take(input: OrderActionInput) {
      const name = `${input.role ?? ""} ${input.action} ${input.itemSku ?? 0}`;
      if (former.current !== name) {
        // Where a page offers several actions, each is an intent of its own.
        former.current = name;
        renew();
      }
      return mutation.mutateAsync({ ...input, orderId, idempotencyKey: key() });
    },
  };
}

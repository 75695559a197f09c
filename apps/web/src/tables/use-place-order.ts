import { useMutation } from "@connectrpc/connect-query";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { failureText } from "../failure-text.ts";
import { useIntentKey } from "../ui/form.tsx";
import { useOnce } from "../ui/use-once.ts";
import type { DraftedItem } from "./draft.ts";

/** An order that is still being placed is asked for again, by the same name. */
const triesMax = 3;

export interface PlacedOrderInput {
  readonly sessionId: bigint;
  readonly items: readonly DraftedItem[];
  readonly guestId?: bigint;
  readonly note?: string;
}

/** Sends an order to the kitchen. Pressed twice, it is ordered once. */
export function usePlaceOrder(onPlaced: () => void) {
  const { key, renew } = useIntentKey();
  const once = useOnce();
  const mutation = useMutation(TablesService.method.placeOrder, {
    retry: (count, error) => count < triesMax && failureText(error).isPassing,
    retryDelay: (count) => 400 * 2 ** count,
  });
  return {
    error: mutation.error,
    isPending: mutation.isPending,
    /** Something was changed: it is another intent. */
    onEdit() {
      renew();
      mutation.reset();
    },
    /** The page shows what failed. */
    send({ sessionId, items, guestId = 0n, note = "" }: PlacedOrderInput): void {
      once(async () => {
        const lines = items.map(({ item, quantity, note: lineNote }) => ({
          sku: item.sku,
          quantity,
          note: lineNote.trim(),
        }));
        await mutation.mutateAsync({ sessionId, lines, guestId, note, idempotencyKey: key() });
        renew();
        onPlaced();
      });
    },
  };
}

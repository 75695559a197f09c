import type { Database } from "@ordermesh/postgres/database";
import type { Tx } from "@ordermesh/postgres/tx";
import type {
  GetVoucherRequest,
  ValidateVoucherCodeRequest,
} from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { type Call, callOf } from "@ordermesh/rpc/call";
import { isTooManyGuesses } from "../domain/voucher-guesses.ts";
import { validateVoucherCode } from "../validate-voucher.ts";
import type { VoucherKey } from "../voucher-key.ts";
import type { ValidationAnswer } from "../voucher-metrics.ts";
import { getVoucher } from "../vouchers.ts";
import { validationResponse, voucherResponse } from "./voucher-messages.ts";

export interface VoucherHandlers {
  readonly database: Database;
  readonly key: VoucherKey | undefined;
  /** Lets an order that the transaction has locked go on by itself. */
  readonly settle: (tx: Tx, order: SettledOrder) => Promise<unknown>;
  /** Told after a code was used: events may have been written. */
  readonly onCommitted: () => void;
  readonly onAnswered: (answer: ValidationAnswer) => void;
}

export interface SettledOrder {
  readonly orderId: bigint;
  /** Whose call it was: "user:3". */
  readonly actor: string;
  readonly traceparent: string;
}

type Context = Parameters<typeof callOf>[0];

/** The calls of LomsService that are about vouchers. */
export function voucherCalls({ database, key, settle, onCommitted, onAnswered }: VoucherHandlers) {
  return {
    async getVoucher({ orderId }: GetVoucherRequest, context: Context) {
      const { principal, limitedToUserId } = callOf(context);
      const isOwner = (userId: bigint) =>
        // Without authentication there is nobody else.
        principal.kind === "anonymous" || (principal.kind === "user" && principal.userId === userId);
      const view = await database.read((db) => getVoucher(db, key, orderId, { limitedToUserId, isOwner }));
      return voucherResponse(view);
    },

    async validateVoucherCode({ code, sku, idempotencyKey }: ValidateVoucherCodeRequest, context: Context) {
      const call = callOf(context);
      const caller = nameOf(call);
      const { traceparent } = call;
      const validation = await database
        .transaction((tx) =>
          validateVoucherCode(
            tx,
            { key, settle: (open, orderId) => settle(open, { orderId, actor: caller, traceparent }) },
            { code, sku, idempotencyKey, caller },
          ),
        )
        .catch((error: unknown) => {
          if (isTooManyGuesses(error)) {
            onAnswered("too_many_guesses");
          }
          throw error;
        });
      onAnswered(validation.result);
      if (validation.result === "validated") {
        onCommitted();
      }
      return validationResponse(validation);
    },
  };
}

/** Of whoever calls; idempotency keys and guesses are counted by it. */
function nameOf({ principal, peerAddress }: Call): string {
  switch (principal.kind) {
    case "user":
      return `user:${principal.userId}`;
    case "service":
      return `service:${principal.name}`;
    case "guest":
    case "anonymous":
      return `address:${peerAddress()}`;
  }
}

import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderLineSchema } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import {
  type GetVoucherResponse,
  GetVoucherResponseSchema,
  type ValidateVoucherCodeResponse,
  ValidateVoucherCodeResponseSchema,
  VoucherCodeState as VoucherCodeStateMessage,
  type VoucherTerms as VoucherTermsMessage,
  VoucherValidation,
} from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { MoneySchema } from "@ordermesh/proto/ordermesh/type/v1/money_pb";
import type { Total } from "../domain/order.ts";
import {
  type ValidationResult,
  type VoucherCodeState,
  type VoucherTerms,
  validationMessages,
} from "../domain/voucher.ts";
import type { Validation } from "../validate-voucher.ts";
import type { VoucherView } from "../vouchers.ts";

const stateMessages: Readonly<Record<VoucherCodeState, VoucherCodeStateMessage>> = {
  unused: VoucherCodeStateMessage.UNUSED,
  used: VoucherCodeStateMessage.USED,
  refund_pending: VoucherCodeStateMessage.REFUND_PENDING,
  refunded: VoucherCodeStateMessage.REFUNDED,
  expired: VoucherCodeStateMessage.EXPIRED,
};

const resultMessages: Readonly<Record<ValidationResult, VoucherValidation>> = {
  validated: VoucherValidation.VALIDATED,
  invalid_code: VoucherValidation.INVALID_CODE,
  already_used: VoucherValidation.ALREADY_USED,
  already_refunded: VoucherValidation.ALREADY_REFUNDED,
  already_expired: VoucherValidation.ALREADY_EXPIRED,
  not_a_valid_order: VoucherValidation.NOT_A_VALID_ORDER,
};

export function voucherTermsOf(message: VoucherTermsMessage | undefined): VoucherTerms | undefined {
  if (message === undefined) {
    return undefined;
  }
  // The contract's rules have found both present.
  const { unitPrice, validUntilTime } = message as Required<VoucherTermsMessage>;
  const { serviceTimes, anytimeRefund, expirationRefund, mobile } = message;
  return {
    serviceTimes,
    unitPrice: { currencyCode: unitPrice.currencyCode, amountMinor: Number(unitPrice.amountMinor) },
    validUntil: timestampDate(validUntilTime),
    anytimeRefund,
    expirationRefund,
    mobile,
  };
}

export function voucherResponse({ terms, codes, refundableMinor, isOwner }: VoucherView): GetVoucherResponse {
  const { serviceTimes, unitPrice, validUntil, anytimeRefund, expirationRefund, mobile } = terms;
  return create(GetVoucherResponseSchema, {
    terms: {
      serviceTimes,
      unitPrice: money(unitPrice),
      validUntilTime: timestampFromDate(validUntil),
      anytimeRefund,
      expirationRefund,
      mobile: isOwner ? mobile : "",
    },
    codes: codes.map(({ number, code = "", state, changedAt }) => ({
      number,
      code,
      state: stateMessages[state],
      changedTime: timestampFromDate(changedAt),
    })),
    refundable: money({ ...unitPrice, amountMinor: refundableMinor }),
  });
}

export function validationResponse(validation: Validation): ValidateVoucherCodeResponse {
  const { result } = validation;
  const answer = { result: resultMessages[result], message: validationMessages[result] };
  if (result !== "validated") {
    return create(ValidateVoucherCodeResponseSchema, answer);
  }
  const { orderId, number, line, unused, replayed } = validation;
  return create(ValidateVoucherCodeResponseSchema, {
    ...answer,
    orderId,
    number,
    line: line && create(OrderLineSchema, line),
    unused,
    replayed,
  });
}

function money({ currencyCode, amountMinor }: Total) {
  return create(MoneySchema, { currencyCode, amountMinor: BigInt(amountMinor) });
}

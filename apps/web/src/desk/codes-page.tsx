import { useMutation } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import {
  ValidateVoucherCodeRequestSchema,
  type ValidateVoucherCodeResponse,
  VoucherValidation,
} from "@ordermesh/proto/ordermesh/loms/v1/voucher_pb";
import { useState } from "react";
import { limitsOf } from "../field-limits.ts";
import { formatClock, groupDigits } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Form, useIntentKey } from "../ui/form.tsx";
import { Link } from "../ui/link.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import "./desk.css";

interface Taken {
  readonly moment: number;
  readonly code: string;
  readonly answer: ValidateVoucherCodeResponse;
}

/** The counter: a code is shown, and it is good once. */
export default function CodesPage() {
  const [taken, setTaken] = useState<readonly Taken[]>([]);
  const [code, setCode] = useState("");
  const { key, renew } = useIntentKey();
  const validate = useMutation(LomsService.method.validateVoucherCode, { onSuccess: renew });
  return (
    <div className="desk-page desk-narrow">
      <p>
        <Link href="/desk/orders">‹ Orders</Link>
      </p>
      <h1>Take a code</h1>
      <Form
        error={validate.error}
        onEdit={renew}
        onSubmit={async ({ sku = "" }) => {
          const answer = await validate.mutateAsync({ code, sku: Number(sku) || 0, idempotencyKey: key() });
          setTaken((known) => [{ moment: Date.now(), code, answer }, ...known]);
          setCode("");
        }}
      >
        <Field
          label="Code"
          name="code"
          {...limitsOf(ValidateVoucherCodeRequestSchema, "code")}
          autoFocus
          inputMode="numeric"
          autoComplete="off"
          width={16}
          value={code}
          onChange={setCode}
          hint="Ten digits, as the buyer shows them."
        />
        <Field
          label="What it is for, its SKU"
          name="sku"
          inputMode="numeric"
          width={12}
          {...limitsOf(ValidateVoucherCodeRequestSchema, "sku")}
        />
        <div className="form-actions">
          <Button type="submit" kind="primary" isPending={validate.isPending} pendingText="Taking it…">
            Take it
          </Button>
        </div>
      </Form>
      <section aria-live="polite" aria-label="Codes that were shown">
        <ul className="desk-list">
          {taken.map((each) => (
            <TakenCode key={each.moment} taken={each} />
          ))}
        </ul>
      </section>
    </div>
  );
}

function TakenCode({ taken: { moment, code, answer } }: { readonly taken: Taken }) {
  const isGood = answer.result === VoucherValidation.VALIDATED;
  return (
    <li className="desk-refund">
      <StatusChip tone={isGood ? "done" : "failed"} word={answer.message} />
      <span className="mono">{groupDigits(code, 5)}</span>
      <span className="quiet">{formatClock(moment)}</span>
      {isGood ? (
        <div className="desk-refund-words">
          <p>
            {answer.line?.name === "" || answer.line === undefined ? "Service" : answer.line.name}, code{" "}
            {answer.number} of order{" "}
            <Link href={`/desk/orders/${answer.orderId}`}>{String(answer.orderId)}</Link>; {answer.unused}{" "}
            left.
          </p>
        </div>
      ) : null}
    </li>
  );
}

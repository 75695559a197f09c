import { useMutation } from "@connectrpc/connect-query";
import { OpenSessionRequestSchema, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useState } from "react";
import { useGo } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Form, useIntentKey } from "../ui/form.tsx";

/** Opens a table by its name, and leads to its QR code. */
export function NewTable({ locationId }: { readonly locationId: bigint }) {
  const [name, setName] = useState("");
  const { key, renew } = useIntentKey();
  const go = useGo();
  const onSuccess = useReadAnew([TablesService.method.listSessions]);
  const opening = useMutation(TablesService.method.openSession, { onSuccess });
  return (
    <Form
      className="new-table"
      error={opening.error}
      onEdit={renew}
      onSubmit={async () => {
        const { session } = await opening.mutateAsync({ locationId, name, idempotencyKey: key() });
        renew();
        setName("");
        if (session !== undefined) {
          go(`/places/${locationId}/table/${session.sessionId}/qr`);
        }
      }}
    >
      <Field
        label="New table"
        name="name"
        value={name}
        onChange={setName}
        {...limitsOf(OpenSessionRequestSchema, "name")}
        width={22}
        placeholder="Table 7"
        autoComplete="off"
        after={
          <Button type="submit" kind="primary" isPending={opening.isPending} pendingText="Opening…">
            Open the table
          </Button>
        }
      />
    </Form>
  );
}

import { JoinSessionRequestSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useState } from "react";
import { Mark } from "../app/mark.tsx";
import { useGo } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { typedCode } from "../tables/invitation.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import "./guest.css";

/** For who cannot scan: the code is on the table too. */
export default function CodePage() {
  return (
    <div className="guest-start">
      <p className="guest-brand">
        <Mark /> Ordermesh
      </p>
      <h1>Order at your table</h1>
      <p>Scan the QR code with your phone’s camera, or type the code printed under it.</p>
      <CodeForm />
    </div>
  );
}

export function CodeForm() {
  const go = useGo();
  const [problem, setProblem] = useState<string>();
  return (
    <Form
      onSubmit={async ({ code = "" }) => {
        const typed = typedCode(code);
        setProblem(typed === "" ? "Type the six letters and digits." : undefined);
        if (typed !== "") {
          go(`/t/${typed}`);
        }
      }}
    >
      <Field
        label="Code of the table"
        name="code"
        autoComplete="off"
        placeholder="K7M 4QX"
        {...limitsOf(JoinSessionRequestSchema, "code")}
        hint="Six letters and digits, in any case"
        {...(problem !== undefined && { problem })}
      />
      <Button type="submit" kind="primary" wide>
        Go on
      </Button>
    </Form>
  );
}

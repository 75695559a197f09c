import { useMutation } from "@connectrpc/connect-query";
import { IdentityService, RegisterRequestSchema } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { limitsOf } from "../field-limits.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import type { Identity } from "./session.ts";
import { useSession } from "./session-context.ts";

export function RegisterForm({ onSignedIn }: { readonly onSignedIn: (identity: Identity) => void }) {
  const session = useSession();
  const register = useMutation(IdentityService.method.register);
  return (
    <Form
      error={register.error}
      onSubmit={async ({ username = "", password = "" }) => {
        await register.mutateAsync({ username, password });
        onSignedIn(await session.signIn(username, password));
      }}
    >
      <Field
        label="Name"
        name="username"
        {...limitsOf(RegisterRequestSchema, "username")}
        autoComplete="username"
        hint="3 to 64 letters, digits, dots, hyphens or underscores."
      />
      <Field
        label="Password"
        name="password"
        type="password"
        {...limitsOf(RegisterRequestSchema, "password")}
        autoComplete="new-password"
        hint="At least 10 characters."
      />
      <div className="form-actions">
        <Button type="submit" kind="primary" isPending={register.isPending} pendingText="Making it…">
          Make the account
        </Button>
      </div>
    </Form>
  );
}

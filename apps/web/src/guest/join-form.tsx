import { useMutation } from "@connectrpc/connect-query";
import { JoinSessionRequestSchema, TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useLocation } from "@tanstack/react-router";
import { Mark } from "../app/mark.tsx";
import { useGo } from "../app/navigate.ts";
import { failureText } from "../failure-text.ts";
import { limitsOf } from "../field-limits.ts";
import { codeText, linkAt } from "../tables/invitation.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { CodeForm } from "./code-page.tsx";
import type { KeptGuest } from "./kept-guest.ts";

export interface JoinFormProps {
  readonly code: string;
  readonly onJoined: (guest: KeptGuest) => void;
}

/** One field, and even that can be left empty: no account, no app. */
export function JoinForm({ code, onJoined }: JoinFormProps) {
  const { hash } = useLocation();
  const go = useGo();
  const joining = useMutation(TablesService.method.joinSession);
  const reason = joining.error === null ? "" : failureText(joining.error).reason;
  const isBadCode = reason === "INVITATION_NOT_FOUND";

  async function join(nickname: string): Promise<void> {
    const invitation =
      hash === ""
        ? ({ case: "code", value: code } as const)
        : ({ case: "link", value: linkAt(window.location.origin, code, hash) } as const);
    const { guest, guestToken, session } = await joining.mutateAsync({
      invitation,
      nickname: nickname === "" ? someName() : nickname,
    });
    // Nobody who looks at the address, or is sent it, shall join by the secret in it.
    go(`/t/${code}`, { replace: true });
    onJoined({
      token: guestToken,
      guestId: guest?.guestId ?? 0n,
      nickname: guest?.nickname ?? nickname,
      sessionId: session?.sessionId ?? 0n,
      locationId: session?.locationId ?? 0n,
    });
  }

  return (
    <div className="guest-start">
      <p className="guest-brand">
        <Mark /> Ordermesh
      </p>
      <h1>Order at your table</h1>
      {isBadCode ? (
        <BadCode code={code} />
      ) : (
        <>
          <p>
            Table code <span className="mono">{codeText(code)}</span>. Everybody at the table sees what is
            ordered, and by whom.
          </p>
          {joining.error === null ? null : <Failure error={joining.error} />}
          <Form onSubmit={async ({ nickname = "" }) => await join(nickname.trim())}>
            <Field
              label="Your name"
              name="nickname"
              {...limitsOf(JoinSessionRequestSchema, "nickname")}
              isRequired={false}
              autoComplete="nickname"
              autoFocus
            />
            <Button
              type="submit"
              kind="primary"
              wide
              isPending={joining.isPending}
              pendingText="Sitting down…"
            >
              Sit down
            </Button>
          </Form>
        </>
      )}
    </div>
  );
}

function BadCode({ code }: { readonly code: string }) {
  return (
    <>
      <section className="notice notice-failed" role="alert">
        <p className="notice-title">The code {codeText(code)} does not work</p>
        <p>
          It was replaced, the table was closed, or it was mistyped. Scan the code on your table again, or ask
          the staff for the one that works now.
        </p>
      </section>
      <CodeForm />
    </>
  );
}

/** For who gives no name: two of them are told apart. */
function someName(): string {
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  return `Guest ${(number % 90) + 10}`;
}

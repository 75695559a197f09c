import { useGo, useQueryFields, useTitle } from "../app/navigate.ts";
import { homeOf } from "../app/navigation.ts";
import { Link } from "../ui/link.tsx";
import { RegisterForm } from "./register-form.tsx";
import type { Identity } from "./session.ts";
import { SignInForm } from "./sign-in-form.tsx";

export default function SignInPage() {
  const [fields] = useQueryFields();
  const go = useGo();
  const isNew = fields.new !== undefined;
  const title = isNew ? "New account" : "Sign in";
  useTitle(title);

  function enter(identity: Identity): void {
    go(isOurs(fields.next) ? fields.next : homeOf(identity.roles), { replace: true });
  }

  const next = fields.next === undefined ? "" : `next=${encodeURIComponent(fields.next)}`;
  return (
    <div className="sign-in">
      <h1>{title}</h1>
      {fields.next === undefined ? null : <p className="sign-in-why">Then you are back where you were.</p>}
      {isNew ? <RegisterForm onSignedIn={enter} /> : <SignInForm onSignedIn={enter} />}
      <p>
        {isNew ? (
          <Link href={`/sign-in?${next}`}>I have an account</Link>
        ) : (
          <Link href={`/sign-in?new=1&${next}`}>Make a new account</Link>
        )}
      </p>
    </div>
  );
}

/** Only addresses of ours: a link from elsewhere must not lead on to elsewhere. */
function isOurs(next: string | undefined): next is string {
  return next !== undefined && URL.canParse(next, window.location.origin)
    ? new URL(next, window.location.origin).origin === window.location.origin && next.startsWith("/")
    : false;
}

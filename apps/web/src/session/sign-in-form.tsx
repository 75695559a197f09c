import { LoginRequestSchema } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";
import { useState } from "react";
import { useAppConfig } from "../app/app-config.ts";
import { limitsOf } from "../field-limits.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import type { Identity } from "./session.ts";
import { useSession } from "./session-context.ts";
import "./sign-in.css";

export interface SignInFormProps {
  /** The one who has to come back; absent: anybody. */
  readonly username?: string;
  readonly onSignedIn: (identity: Identity) => void;
}

export function SignInForm({ username, onSignedIn }: SignInFormProps) {
  const session = useSession();
  const demo = useAppConfig()?.demo;
  const [error, setError] = useState<unknown>();
  const [pending, setPending] = useState<string>();

  async function signIn(name: string, password: string, button: string): Promise<void> {
    if (pending !== undefined) {
      return;
    }
    setPending(button);
    setError(undefined);
    try {
      onSignedIn(await session.signIn(name, password));
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(undefined);
    }
  }

  const demoUsers = (demo?.users ?? []).filter(
    (user) => username === undefined || user.username === username,
  );
  return (
    <>
      <DemoUsers
        users={demoUsers}
        isForOne={username !== undefined}
        pending={pending}
        onChoose={(name) => void signIn(name, demo?.password ?? "", name)}
      />
      <div className="own-name">
        {demoUsers.length === 0 || username !== undefined ? null : <h2>Or with a name of your own</h2>}
        <Form
          error={error}
          onSubmit={(values) => signIn(username ?? values.username ?? "", values.password ?? "", "form")}
        >
          {username === undefined ? (
            <Field
              label="Name"
              name="username"
              autoComplete="username"
              {...limitsOf(LoginRequestSchema, "username")}
            />
          ) : (
            <input type="hidden" name="username" value={username} autoComplete="username" />
          )}
          <Field
            label="Password"
            name="password"
            type="password"
            {...limitsOf(LoginRequestSchema, "password")}
            autoComplete="current-password"
            autoFocus={username !== undefined}
          />
          <div className="form-actions">
            <Button type="submit" kind="primary" isPending={pending === "form"} pendingText="Signing in…">
              {username === undefined ? "Sign in" : `Sign in as ${username}`}
            </Button>
          </div>
        </Form>
      </div>
    </>
  );
}

interface DemoUsersProps {
  readonly users: readonly { readonly username: string; readonly role: string }[];
  readonly isForOne: boolean;
  readonly pending: string | undefined;
  readonly onChoose: (username: string) => void;
}

/** Where an installation has them, somebody is signed in with one press. */
function DemoUsers({ users, isForOne, pending, onChoose }: DemoUsersProps) {
  if (users.length === 0) {
    return null;
  }
  return (
    <section className="demo-users">
      <h2>{isForOne ? "This is a demo user" : "Try it out as"}</h2>
      <ul>
        {users.map(({ username, role }) => (
          <li key={username}>
            <Button
              onPress={() => onChoose(username)}
              isPending={pending === username}
              pendingText="Signing in…"
            >
              {username}
            </Button>
            <span className="quiet">{demoTexts[username] ?? role}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const demoTexts: Readonly<Record<string, string>> = {
  buyer: "buys in the shop",
  buyer2: "a second buyer",
  seller: "ships, runs the warehouse and the tables",
  waiter: "takes orders at the tables",
  platform: "settles what buyer and seller cannot",
  operator: "keeps it running",
};

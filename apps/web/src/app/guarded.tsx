import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import type { Role } from "../session/session.ts";
import { useSessionState } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";
import { Empty, Skeleton } from "../ui/notice.tsx";
import { useGo } from "./navigate.ts";
import { homeOf } from "./navigation.ts";

const roleWords: Readonly<Record<Role, string>> = {
  buyer: "buyers",
  seller: "sellers",
  platform: "the platform",
  operator: "operators",
};

/** "sellers, the platform and operators". */
function rolesText(roles: readonly Role[]): string {
  return new Intl.ListFormat("en-GB").format(roles.map((role) => roleWords[role]));
}

/** Shows a page to those who may see it, and tells the others who that is. */
export function Guarded({ roles, children }: { roles: readonly Role[]; children: ReactNode }) {
  const state = useSessionState();
  const go = useGo();
  const { href } = useLocation();
  const isOut = state.kind === "signed_out";
  useEffect(() => {
    if (isOut) {
      go(`/sign-in?next=${encodeURIComponent(href)}`, { replace: true });
    }
    // Only when that changes: the page that follows has another address.
  }, [isOut]);
  if (!("identity" in state)) {
    return <Skeleton />;
  }
  if (!state.identity.roles.some((role) => roles.includes(role))) {
    return (
      <Empty
        title={`This page is for ${rolesText(roles)}`}
        action={
          <span className="button-row">
            <Link href={`/sign-in?next=${encodeURIComponent(href)}`} button="primary">
              Sign in as somebody else
            </Link>
            <Link href={homeOf(state.identity.roles)} button="plain">
              Back to your pages
            </Link>
          </span>
        }
      >
        <p>
          You are signed in as <b>{state.identity.username}</b> ({state.identity.roles.join(", ")}).
        </p>
      </Empty>
    );
  }
  return <>{children}</>;
}

import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import type { Role } from "../session/session.ts";
import { useSessionState } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";
import { Empty, Skeleton } from "../ui/notice.tsx";
import { useGo } from "./navigate.ts";

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
        title={`This page is for ${roles.join(" and ")}`}
        action={<Link href={`/sign-in?next=${encodeURIComponent(href)}`}>Sign in as somebody else</Link>}
      >
        <p>
          You are signed in as <b>{state.identity.username}</b> ({state.identity.roles.join(", ")}).
        </p>
      </Empty>
    );
  }
  return <>{children}</>;
}

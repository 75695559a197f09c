import { createContext, useContext, useSyncExternalStore } from "react";
import type { Identity, Role, Session, SessionState } from "./session.ts";

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) {
    throw new Error("There is no session around this component.");
  }
  return session;
}

export function useSessionState(): SessionState {
  const { subscribe, state } = useSession();
  return useSyncExternalStore(subscribe, state);
}

/** Who is signed in, also while an expired session waits for its password. */
export function useIdentity(): Identity | undefined {
  const state = useSessionState();
  return "identity" in state ? state.identity : undefined;
}

export function useHasRole(...roles: readonly Role[]): boolean {
  return useIdentity()?.roles.some((role) => roles.includes(role)) ?? false;
}

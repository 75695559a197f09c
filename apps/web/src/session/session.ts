import { Code, ConnectError } from "@connectrpc/connect";
import type { Seat } from "./seat.ts";
import type { Role, SeatAnswer, SeatCalls } from "./seat-calls.ts";
import { withTabLock } from "./tab-locks.ts";

export type { Role } from "./seat-calls.ts";

export interface Identity {
  readonly userId: bigint;
  readonly username: string;
  readonly roles: readonly Role[];
}

export type SessionState =
  /** Asking the gateway whether this seat is signed in. */
  | { readonly kind: "starting" }
  | { readonly kind: "signed_out" }
  | { readonly kind: "signed_in"; readonly identity: Identity }
  /** Was signed in; the page stays, and asks for the password. */
  | { readonly kind: "expired"; readonly identity: Identity };

interface Tokens {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly identity: Identity;
}

/** Who uses this tab. The access token is in memory only; the refresh token is in a cookie that no script can read. */
export interface Session {
  readonly state: () => SessionState;
  readonly subscribe: (listener: () => void) => () => void;
  /** A token that is good for a while; undefined if nobody is signed in. */
  accessToken(): Promise<string | undefined>;
  /** Another token, because this one was refused; undefined once the session is over. */
  renew(refusedToken: string): Promise<string | undefined>;
  /** Waits until the same person is signed in again; false if that will not be. */
  untilSignedInAgain(signal: AbortSignal | undefined): Promise<boolean>;
  signIn(username: string, password: string): Promise<Identity>;
  signOut(): Promise<void>;
  /** Closes the dialog of an expired session: nobody is signed in then. */
  giveUp(): void;
}

/** What the tabs of one seat tell each other. */
type Told = { readonly answer: SeatAnswer } | { readonly over: true };

/** A token with less than this left is renewed before it is used. */
const leftMs = 20_000;

export function startSession({ seat, calls }: { seat: Seat; calls: SeatCalls }): Session {
  const channel = new BroadcastChannel(`ordermesh.session.${seat.id}`);
  const listeners = new Set<() => void>();
  let state: SessionState = { kind: "starting" };
  let tokens: Tokens | undefined;

  function change(next: SessionState): void {
    state = next;
    for (const listener of listeners) {
      listener();
    }
  }

  function keep(answer: SeatAnswer, tell: boolean): Tokens {
    const { accessToken, expiresAt, user } = answer;
    const next = { accessToken, expiresAt, identity: { ...user, userId: BigInt(user.userId) } };
    tokens = next;
    seat.rememberSignedIn(true);
    change({ kind: "signed_in", identity: next.identity });
    if (tell) {
      channel.postMessage({ answer } satisfies Told);
    }
    return next;
  }

  function end(tell: boolean): void {
    tokens = undefined;
    seat.rememberSignedIn(false);
    change({ kind: "signed_out" });
    if (tell) {
      channel.postMessage({ over: true } satisfies Told);
    }
  }

  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if ("over" in data) {
      end(false);
      return;
    }
    keep(data.answer, false);
  };

  /** One tab of the seat at a time: a refresh token that is used twice counts as stolen. */
  function refresh(refusedToken: string | undefined): Promise<string | undefined> {
    return withTabLock(`ordermesh.refresh.${seat.id}`, async () => {
      if (tokens !== undefined && tokens.accessToken !== refusedToken && isFresh(tokens)) {
        return tokens.accessToken;
      }
      try {
        return keep(await calls.refresh(), true).accessToken;
      } catch (error) {
        if (ConnectError.from(error).code !== Code.Unauthenticated) {
          throw error;
        }
        const before = tokens?.identity;
        tokens = undefined;
        if (before === undefined) {
          end(false);
        } else {
          change({ kind: "expired", identity: before });
        }
        return undefined;
      }
    });
  }

  /** Asks whether this seat is signed in. Without an answer nobody is yet, and the next call asks again. */
  let finding: Promise<unknown> | undefined;
  function find(): Promise<unknown> {
    finding ??= refresh(undefined).catch(() => {
      finding = undefined;
      change({ kind: "signed_out" });
    });
    return finding;
  }
  if (seat.wasSignedIn) {
    void find();
  } else {
    state = { kind: "signed_out" };
    finding = Promise.resolve();
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async accessToken() {
      await find();
      if (tokens === undefined) {
        return undefined;
      }
      return isFresh(tokens) ? tokens.accessToken : await refresh(tokens.accessToken);
    },
    renew: refresh,
    untilSignedInAgain(signal) {
      return new Promise((resolve) => {
        const settle = () => {
          if (state.kind !== "expired" || signal?.aborted) {
            listeners.delete(settle);
            signal?.removeEventListener("abort", settle);
            resolve(state.kind === "signed_in");
          }
        };
        listeners.add(settle);
        signal?.addEventListener("abort", settle);
        settle();
      });
    },
    async signIn(username, password) {
      return keep(await calls.logIn(username, password), true).identity;
    },
    async signOut() {
      try {
        await calls.logOut();
      } finally {
        end(true);
      }
    },
    giveUp: () => end(true),
  };
}

function isFresh({ expiresAt }: Tokens): boolean {
  return expiresAt - Date.now() > leftMs;
}

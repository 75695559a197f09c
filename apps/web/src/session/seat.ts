import { randomText } from "../random-text.ts";

const seatKey = "ordermesh.seat";
const lastSeatKey = "ordermesh.last-seat";
const signedInKey = (seat: string) => `ordermesh.signed-in.${seat}`;

/**
 * Which of the people at this browser a tab belongs to. The gateway keeps one refresh token for each seat, in a cookie
 * named after it, so that a buyer and a seller can be signed in beside each other.
 */
export interface Seat {
  readonly id: string;
  /** Whether somebody had signed in here before: else there is nothing to refresh. */
  readonly wasSignedIn: boolean;
  rememberSignedIn(signedIn: boolean): void;
}

/**
 * The seat of this tab. A tab without one, such as a link that was opened in a new tab, takes the seat of the tab that
 * was looked at last; `fresh` asks for one of its own.
 */
export function takeSeat({ fresh }: { readonly fresh: boolean }): Seat {
  const own = fresh ? null : read(sessionStorage, seatKey);
  const id = own ?? (fresh ? null : read(localStorage, lastSeatKey)) ?? randomText();
  write(sessionStorage, seatKey, id);
  const claim = () => {
    if (document.visibilityState === "visible") {
      write(localStorage, lastSeatKey, id);
    }
  };
  claim();
  document.addEventListener("visibilitychange", claim);
  window.addEventListener("focus", claim);
  return {
    id,
    wasSignedIn: read(localStorage, signedInKey(id)) !== null,
    rememberSignedIn(signedIn) {
      write(localStorage, signedInKey(id), signedIn ? "1" : null);
    },
  };
}

/** Storage can be switched off; a tab works without it. */
function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: string | null): void {
  try {
    if (value === null) {
      storage.removeItem(key);
    } else {
      storage.setItem(key, value);
    }
  } catch {
    // Full or switched off.
  }
}

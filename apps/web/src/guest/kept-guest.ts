import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { type TableSession, TableSessionSchema } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";

/** Who one is at a table, once joined. It survives a reload, and dies with the tab. */
export interface KeptGuest {
  readonly token: string;
  readonly guestId: bigint;
  readonly nickname: string;
  readonly sessionId: bigint;
  readonly locationId: bigint;
}

const guestKey = (code: string) => `ordermesh.guest.${code}`;
const receiptKey = (code: string) => `ordermesh.receipt.${code}`;
const draftKey = (sessionId: bigint) => `ordermesh.draft.${sessionId}`;

export function readGuest(code: string): KeptGuest | undefined {
  return parseGuest(read(guestKey(code)));
}

export function keepGuest(code: string, guest: KeptGuest | undefined): void {
  write(guestKey(code), guest === undefined ? null : guestText(guest));
}

/** What a table had when it was closed: its guests cannot ask for it any more. */
export function readReceipt(code: string): TableSession | undefined {
  try {
    const text = read(receiptKey(code));
    return text === null ? undefined : fromJsonString(TableSessionSchema, text);
  } catch {
    return undefined;
  }
}

export function keepReceipt(code: string, session: TableSession): void {
  write(receiptKey(code), toJsonString(TableSessionSchema, session));
}

export function readDraftText(sessionId: bigint): string | null {
  return read(draftKey(sessionId));
}

export function keepDraftText(sessionId: bigint, text: string | null): void {
  write(draftKey(sessionId), text);
}

export function guestText({ token, nickname, guestId, sessionId, locationId }: KeptGuest): string {
  return JSON.stringify({
    token,
    nickname,
    guestId: String(guestId),
    sessionId: String(sessionId),
    locationId: String(locationId),
  });
}

/** Undefined for what nobody of us has written. */
export function parseGuest(text: string | null): KeptGuest | undefined {
  try {
    const { token, nickname, guestId, sessionId, locationId } = JSON.parse(text ?? "{}") as Record<
      string,
      unknown
    >;
    return typeof token === "string" && typeof nickname === "string"
      ? {
          token,
          nickname,
          guestId: BigInt(String(guestId)),
          sessionId: BigInt(String(sessionId)),
          locationId: BigInt(String(locationId)),
        }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Storage can be switched off: then a reload is another guest, and everything else works. */
function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, text: string | null): void {
  try {
    if (text === null) {
      sessionStorage.removeItem(key);
    } else {
      sessionStorage.setItem(key, text);
    }
  } catch {
    // Full or switched off.
  }
}

import { createHmac, timingSafeEqual } from "node:crypto";
import { parseCode } from "./session-code.ts";

/** Makes and checks the links of QR codes. Their secrets are in no table: they are made anew each time. */
export interface Invitations {
  linkOf(session: Invited): string;
  /** Whether it is the secret of the session's present link. Takes the same time for every wrong one. */
  matches(session: Invited, secret: string): boolean;
}

interface Invited {
  readonly id: bigint;
  readonly rotation: number;
  readonly code: string;
}

/** 128 bits. */
const secretBytes = 16;

/**
 * @param key 32 bytes, the same for all replicas.
 * @param publicUrl without a slash at the end.
 */
export function createInvitations(key: Uint8Array, publicUrl: string): Invitations {
  const secretOf = ({ id, rotation }: Pick<Invited, "id" | "rotation">): Buffer =>
    createHmac("sha256", key)
      .update(`table session ${id} rotation ${rotation}`)
      .digest()
      .subarray(0, secretBytes);

  return {
    // What stands after # a browser does not send, so that no log of a proxy has it.
    linkOf: (session) => `${publicUrl}/t/${session.code}#${secretOf(session).toString("base64url")}`,
    matches(session, secret) {
      const given = Buffer.from(secret, "base64url");
      return given.length === secretBytes && timingSafeEqual(given, secretOf(session));
    },
  };
}

/** The parts of a link, wherever it leads. Undefined for what can be none. */
export function parseLink(link: string): { readonly code: string; readonly secret: string } | undefined {
  const found = /\/t\/([^/#?]{1,20})\/?#([A-Za-z0-9_-]{22})$/.exec(link.trim());
  const code = found?.[1] === undefined ? undefined : parseCode(found[1]);
  return code === undefined || found?.[2] === undefined ? undefined : { code, secret: found[2] };
}

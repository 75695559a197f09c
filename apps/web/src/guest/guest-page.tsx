import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { useState } from "react";
import { usePathPart } from "../app/navigate.ts";
import { typedCode } from "../tables/invitation.ts";
import { ClosedTable } from "./closed-table.tsx";
import { GoneNotice } from "./gone-notice.tsx";
import { GuestConnection } from "./guest-connection.tsx";
import { JoinForm } from "./join-form.tsx";
import { type KeptGuest, keepGuest, keepReceipt, readGuest, readReceipt } from "./kept-guest.ts";
import { TableView } from "./table-view.tsx";
import "../tables/parts.css";
import "./guest.css";

/** What a guest sees: first whose name it is, then the table, and in the end that it is closed. */
export default function GuestPage() {
  const code = typedCode(usePathPart("code"));
  return <GuestOf key={code} code={code} />;
}

function GuestOf({ code }: { readonly code: string }) {
  const [guest, setGuest] = useState(() => readGuest(code));
  const [receipt, setReceipt] = useState(() => readReceipt(code));
  const [isGone, setGone] = useState(false);

  function leave(): void {
    keepGuest(code, undefined);
    setGuest(undefined);
  }

  if (receipt !== undefined) {
    return <ClosedTable session={receipt} />;
  }
  if (isGone) {
    return <GoneNotice />;
  }
  if (guest === undefined) {
    return (
      <JoinForm
        code={code}
        onJoined={(joined: KeptGuest) => {
          keepGuest(code, joined);
          setGuest(joined);
        }}
      />
    );
  }
  return (
    <GuestConnection key={guest.token} guest={guest}>
      <TableView
        code={code}
        guest={guest}
        onClosed={(session: TableSession) => {
          keepReceipt(code, session);
          setReceipt(session);
          leave();
        }}
        onGone={() => {
          setGone(true);
          leave();
        }}
      />
    </GuestConnection>
  );
}

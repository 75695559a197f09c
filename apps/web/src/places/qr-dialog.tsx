import { useMutation, useQuery } from "@connectrpc/connect-query";
import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useEffect, useState } from "react";
import { useAppConfig } from "../app/app-config.ts";
import { usePathId } from "../app/navigate.ts";
import { failureText } from "../failure-text.ts";
import { useReadAnew } from "../read-anew.ts";
import { codeText, guestPath } from "../tables/invitation.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Notice } from "../ui/notice.tsx";
import { useOnce } from "../ui/use-once.ts";
import "../ui/form.css";
import "./qr.css";

/** How guests get to a table: scan, type, or open it here. */
export default function QrDialog() {
  const sessionId = usePathId("sessionId");
  const page = `/places/${usePathId("locationId")}/table/${sessionId}`;
  const session = useSessionPicture(sessionId).data?.session;
  const query = useQuery(TablesService.method.renderQr, { sessionId });
  const { refetch } = query;
  const isOld = session !== undefined && query.data !== undefined && session.code !== query.data.code;
  useEffect(() => {
    // Somebody else has made another code.
    if (isOld) {
      void refetch();
    }
  }, [isOld, refetch]);
  return (
    <RouteDialog title={session?.name ?? "QR code"} page={page}>
      <Loaded query={query} what="The QR code">
        {({ svg, code, link }) => (
          <div className="qr">
            <div className="qr-card">
              <p className="qr-title">{session?.name}</p>
              <img
                className="qr-image"
                src={`data:image/svg+xml,${encodeURIComponent(svg)}`}
                alt={`QR code of ${session?.name ?? "the table"}`}
                width={240}
                height={240}
              />
              <p className="qr-typed">
                <span className="quiet">Code</span>
                <span className="qr-code copyable">{codeText(code)}</span>
              </p>
            </div>
            <p className="quiet">
              Good while the table is open. Without a camera: open {shownAddress(link)} and type the code.
            </p>
            <QrActions sessionId={sessionId} link={link} />
            <PhoneNotice />
          </div>
        )}
      </Loaded>
    </RouteDialog>
  );
}

function shownAddress(link: string): string {
  return `${new URL(link).host}/t`;
}

/** A code that holds this machine's own address leads a phone to itself. */
function PhoneNotice() {
  const config = useAppConfig();
  if (config?.publicUrlIsLoopback !== true) {
    return null;
  }
  const port = new URL(config.publicUrl).port;
  const reachable = config.suggestedUrl ?? `http://<address of this machine>:${port}`;
  return (
    <Notice tone="waiting" title="Phones cannot open this code yet">
      <p>
        It leads to {config.publicUrl}, which on a phone is the phone itself. Phones in this network need{" "}
        <span className="mono copyable">{reachable}</span>. Start it so, and make a new code:
      </p>
      <p className="mono copyable qr-command">GATEWAY_HOST=0.0.0.0 PUBLIC_URL={reachable} npm start</p>
    </Notice>
  );
}

function QrActions({ sessionId, link }: { readonly sessionId: bigint; readonly link: string }) {
  const { renderQr, getSession, rotateInvitation } = TablesService.method;
  const [isAsked, setAsked] = useState(false);
  const once = useOnce();
  const rotation = useMutation(rotateInvitation, { onSuccess: useReadAnew([renderQr, getSession]) });
  return (
    <>
      <div className="form-actions">
        <a href={guestPath(link)} target="_blank" rel="noopener" className="button button-primary">
          Open as guest ↗
        </a>
        <Button onPress={() => window.print()}>Print</Button>
        {isAsked ? null : <Button onPress={() => setAsked(true)}>New code…</Button>}
      </div>
      {isAsked ? (
        <Notice title="Make a new code?">
          <p>The code and the QR code above stop working. Guests who have joined stay.</p>
          <div className="form-actions">
            <Button
              kind="danger-solid"
              isPending={rotation.isPending}
              pendingText="Making it…"
              onPress={() =>
                once(() => rotation.mutateAsync({ sessionId }, { onSuccess: () => setAsked(false) }))
              }
            >
              Make a new code
            </Button>
            <Button onPress={() => setAsked(false)}>Keep this one</Button>
          </div>
        </Notice>
      ) : null}
      {rotation.error === null ? null : (
        <p className="ticket-problem" role="alert">
          {failureText(rotation.error).text}
        </p>
      )}
    </>
  );
}

import { useEffect, useState } from "react";
import { useFeed, useFeedStatus } from "../feed/feed-context.ts";
import { formatClock } from "../format.ts";
import { Button } from "../ui/button.tsx";
import "./live-dot.css";

/** A break shorter than this is nobody's business. */
const graceMs = 2_000;
const tryNowAfterMs = 30_000;

/** Whether what is shown is live. Says so when it is not, and from when the data are; the page stays readable and usable. */
export function LiveDot() {
  const status = useFeedStatus();
  const feed = useFeed();
  const [elapsed, setElapsed] = useState(0);
  const isBroken = status.kind === "reconnecting";
  useEffect(() => {
    if (!isBroken) {
      setElapsed(0);
      return undefined;
    }
    const startedAt = Date.now();
    const timer = setInterval(() => setElapsed(Date.now() - startedAt), 1_000);
    return () => clearInterval(timer);
  }, [isBroken]);

  if (status.kind === "idle" || status.kind === "connecting") {
    return null;
  }
  if (status.kind === "reconnecting" && elapsed >= graceMs) {
    return (
      <span className="live live-broken" role="status">
        <span className="live-dot" aria-hidden="true" />
        <span>Reconnecting…</span>
        {status.since === undefined ? null : (
          <span className="live-since"> data from {formatClock(status.since)}</span>
        )}
        {elapsed >= tryNowAfterMs ? (
          <Button kind="quiet" onPress={feed.tryNow}>
            Try now
          </Button>
        ) : null}
      </span>
    );
  }
  if (status.kind === "reconnecting" && status.since === undefined) {
    return null;
  }
  return (
    <span className="live" role="status" title="What you see changes by itself">
      <span className="live-dot" aria-hidden="true" />
      {status.kind === "polling" ? "every 3 s" : "live"}
    </span>
  );
}

import type { HistoryEntry } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { useId } from "react";
import { useAppConfig } from "../app/app-config.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import "./step-trace.css";

export interface StepTraceProps {
  readonly entry: HistoryEntry;
}

/** The trace of how an order came to be, for the top of its page. Nothing for an order from before traces were kept. */
export function OrderTrace({ entry }: { readonly entry: HistoryEntry | undefined }) {
  const href = useTraceHref(entry);
  if (entry === undefined || entry.traceId === "") {
    return null;
  }
  return href === undefined ? (
    <span className="quiet trace">
      Trace <TraceId traceId={entry.traceId} />
    </span>
  ) : (
    <a className="button button-quiet" href={href} target="_blank" rel="noopener noreferrer">
      Trace ↗
    </a>
  );
}

/** The trace of one step: its id, which log lines have as well, and the way to its spans where there is one. */
export function StepTrace({ entry }: StepTraceProps) {
  const href = useTraceHref(entry);
  return (
    <span className="trace">
      <TraceId traceId={entry.traceId} />
      {href === undefined ? null : (
        <a href={href} target="_blank" rel="noopener noreferrer">
          Open the trace ↗
        </a>
      )}
    </span>
  );
}

/** Shown by its beginning, and copied as a whole. */
function TraceId({ traceId }: { readonly traceId: string }) {
  const id = useId();
  return (
    <>
      <span id={id} className="mono copyable trace-id" title={traceId}>
        {traceId}
      </span>
      <CopyButton kind="quiet" text={traceId} what="trace id" textId={id} />
    </>
  );
}

/** Undefined where nobody could see it: this installation shows no traces, or the spans of this one were not kept. */
function useTraceHref(entry: HistoryEntry | undefined): string | undefined {
  const template = useAppConfig()?.traceUrl;
  return template === undefined || entry?.traceRecorded !== true
    ? undefined
    : template.replaceAll("{traceId}", entry.traceId);
}

import { SessionState } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { sessionWords } from "../tables/table-words.ts";

/** Filled for open, hollow for closed; and the word, because a dot alone says it to nobody who cannot see it. */
export function SessionDot({ state }: { readonly state: SessionState }) {
  return (
    <span className={`session-state session-${state === SessionState.CLOSED ? "closed" : "open"}`}>
      <span className="session-dot" aria-hidden="true" />
      {sessionWords[state]}
    </span>
  );
}

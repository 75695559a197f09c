import { useState } from "react";
import { type Draft, emptyDraft, parseDraft } from "../tables/draft.ts";
import { keepDraftText, readDraftText } from "./kept-guest.ts";

/** What a guest is about to order: it survives a reload, and looking at what was ordered. */
export function useDraft(sessionId: bigint): readonly [Draft, (draft: Draft) => void] {
  const [draft, setDraft] = useState(() => parseDraft(readDraftText(sessionId)));
  return [
    draft,
    (next) => {
      keepDraftText(sessionId, next === emptyDraft ? null : JSON.stringify(next));
      setDraft(next);
    },
  ];
}

import type { ReactNode } from "react";
import type { StatusWord, Tone } from "../words.ts";
import { Glyph, type GlyphName } from "./glyph.tsx";
import "./status-chip.css";

const glyphs: Readonly<Record<Tone, GlyphName>> = {
  neutral: "outline",
  waiting: "quarter",
  paused: "paused",
  active: "half",
  done: "check",
  failed: "cross",
  closed: "struck",
};

/** A state: always a glyph, a word and a fill, so that none of them alone has to be understood. */
export function StatusChip({ tone, word, code }: StatusWord & { readonly code?: string }) {
  return (
    <span className={`chip chip-${tone}`}>
      <Glyph name={glyphs[tone]} />
      <span className="chip-word">{word}</span>
      {code === undefined || code === "" ? null : <span className="chip-code">{code}</span>}
    </span>
  );
}

/** The same glyph on a line of text, as in a timeline. */
export function ToneMark({ tone, children }: { readonly tone: Tone; readonly children?: ReactNode }) {
  return (
    <span className={`tone-mark chip-${tone}`}>
      <Glyph name={glyphs[tone]} />
      {children}
    </span>
  );
}

/** What a state looks like besides its color. */
export type GlyphName =
  | "outline"
  | "quarter"
  | "half"
  | "paused"
  | "check"
  | "cross"
  | "struck"
  | "clock"
  | "plug";

const shapes: Readonly<Record<GlyphName, React.ReactNode>> = {
  outline: <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  quarter: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 6V1.75A4.25 4.25 0 0 1 10.25 6Z" fill="currentColor" />
    </>
  ),
  half: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 1.75a4.25 4.25 0 0 1 0 8.5Z" fill="currentColor" />
    </>
  ),
  paused: <path d="M4 2v8M8 2v8" stroke="currentColor" strokeWidth="2" fill="none" />,
  check: <path d="M1.75 6.5 4.75 9.5 10.25 2.75" stroke="currentColor" strokeWidth="1.9" fill="none" />,
  cross: <path d="m2.5 2.5 7 7m0-7-7 7" stroke="currentColor" strokeWidth="1.9" fill="none" />,
  struck: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M3 9 9 3" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
  clock: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 3.5V6l1.75 1.25" stroke="currentColor" strokeWidth="1.5" fill="none" />
    </>
  ),
  plug: (
    <path
      d="M4.25 1v3M7.75 1v3M3 4h6v2a3 3 0 0 1-6 0Zm3 5v2.5"
      stroke="currentColor"
      strokeWidth="1.5"
      fill="none"
    />
  ),
};

export function Glyph({ name }: { readonly name: GlyphName }) {
  return (
    <svg className="glyph" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
      {shapes[name]}
    </svg>
  );
}

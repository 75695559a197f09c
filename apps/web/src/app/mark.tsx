/** Two crossed rules and a dot. */
export function Mark() {
  return (
    <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true" focusable="false" className="mark">
      <path d="M5 1.5v13M1.5 11h13" fill="none" stroke="currentColor" strokeWidth="1.75" />
      <circle cx="11" cy="5" r="2.25" fill="currentColor" />
    </svg>
  );
}

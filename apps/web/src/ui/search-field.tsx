import { useEffect, useEffectEvent, useRef, useState } from "react";
import "./field.css";

/** Long enough to type on, short enough not to wait for. */
const typingMs = 250;

export interface SearchFieldProps {
  readonly label: string;
  /** What is searched for, as the address says. */
  readonly value: string;
  readonly onSearch: (text: string) => void;
  readonly placeholder?: string;
}

/** Searches while one types. "/" leads here from anywhere on the page. */
export function SearchField({ label, value, onSearch, placeholder }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const search = useEffectEvent((next: string) => {
    sent.current = next;
    onSearch(next);
  });
  useEffect(() => {
    // The address was changed by somebody else: a link, or "back".
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) {
      return undefined;
    }
    const timer = setTimeout(() => search(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <search className="search">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          search(text);
        }}
      >
        <input
          type="search"
          className="field-input"
          aria-label={label}
          placeholder={placeholder ?? label}
          value={text}
          maxLength={200}
          onChange={(event) => setText(event.currentTarget.value)}
          aria-keyshortcuts="/"
        />
      </form>
    </search>
  );
}

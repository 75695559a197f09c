import { type ReactNode, useEffect, useRef } from "react";
import { declineText } from "../words.ts";
import "../ui/notice.css";

export interface DeclinedProps {
  /** The service's answer: another one takes the focus again. */
  readonly answer: { readonly declineCode: string };
  /** What is kept, and what can be done instead. */
  readonly children: ReactNode;
}

/** A declined card is an answer, not an error: it says that nothing was charged, and what can be done. */
export function Declined({ answer, children }: DeclinedProps) {
  const notice = useRef<HTMLElement>(null);
  useEffect(() => {
    notice.current?.focus();
  }, [answer]);
  return (
    <section ref={notice} className="notice notice-failed" role="alert" tabIndex={-1}>
      <p className="notice-title">Declined. {declineText(answer.declineCode)}</p>
      <p>{children}</p>
    </section>
  );
}

import { type ReactNode, useEffect, useRef } from "react";
import { Tabs } from "../ui/tabs.tsx";
import { useBacklogs } from "./figures.ts";
import { deadLettersOf } from "./needs.ts";
import "./operations.css";

const parts = [
  { href: "/ops", text: "Overview" },
  { href: "/ops/outbox", text: "Outbox and lag" },
  { href: "/ops/dead-letters", text: "Dead letters" },
  { href: "/ops/timers", text: "Timers" },
  { href: "/ops/deliveries", text: "Deliveries" },
  { href: "/ops/verify", text: "Verify" },
] as const;

export interface OperationsHeadProps {
  readonly part: (typeof parts)[number]["href"];
  /** How old the figures are. */
  readonly children?: ReactNode;
}

/** What stands above every page of operations: where one is, and how old what one sees is. */
export function OperationsHead({ part, children }: OperationsHeadProps) {
  const backlogs = useBacklogs().data?.backlogs ?? [];
  const letters = deadLettersOf(backlogs);
  const title = parts.find(({ href }) => href === part)?.text ?? "";
  const head = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone not all parts fit beside each other: the one that is shown comes into view.
    head.current?.querySelector(".tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, []);
  return (
    <header className="operations-head" ref={head}>
      <div className="operations-title">
        <h1>{part === "/ops" ? "Operations" : title}</h1>
        {children}
      </div>
      <Tabs
        label="Operations"
        tabs={parts.map(({ href, text }) => ({
          href,
          text,
          isCurrent: href === part,
          ...(href === "/ops/dead-letters" && letters > 0n && { count: Number(letters) }),
        }))}
      />
    </header>
  );
}

import { Link } from "./link.tsx";
import "./tabs.css";

export interface Tab {
  readonly href: string;
  readonly text: string;
  /** How many there are under it. */
  readonly count?: number;
  readonly isCurrent: boolean;
}

/** Parts of a page, or named views of a list. They are links: each has an address. */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  return (
    <nav aria-label={label} className="tabs">
      {tabs.map(({ href, text, count, isCurrent }) => (
        <Link key={href} href={href} className="tab" current={isCurrent}>
          {text}
          {count === undefined ? null : <span className="tab-count">{count}</span>}
        </Link>
      ))}
    </nav>
  );
}

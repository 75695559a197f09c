import type { ReactNode } from "react";
import "./notice.css";

export interface NoticeProps {
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  readonly tone?: "plain" | "waiting" | "done" | "failed";
  readonly actions?: ReactNode;
  /** Read out when it appears. */
  readonly announced?: boolean;
}

/** Something that has to be known about what is below it. */
export function Notice({ title, children, tone = "plain", actions, announced = false }: NoticeProps) {
  return (
    <section className={`notice notice-${tone}`} {...(announced && { role: "status" })}>
      {title === undefined ? null : <p className="notice-title">{title}</p>}
      {children}
      {actions === undefined ? null : <div className="notice-actions">{actions}</div>}
    </section>
  );
}

export interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  /** What fills it. */
  readonly action?: ReactNode;
}

/** There is nothing here, and this is what would change that. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
      {action}
    </div>
  );
}

/** The shape of what is coming: `widths` in per cent, one list for each row. */
export function Skeleton({ rows = 6, widths = [70, 45] }: { rows?: number; widths?: readonly number[] }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((row, index) => (
        <span
          key={row}
          className="skeleton-bar"
          style={{ width: `${widths[index % widths.length] ?? 60}%` }}
        />
      ))}
    </div>
  );
}

import { Notice } from "../ui/notice.tsx";

export interface ProblemNoticesProps {
  /** "Dead letters of": the service's name follows. */
  readonly what: string;
  /** Why, by service. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Services that cannot be asked at present. What the others said is on the page all the same. */
export function ProblemNotices({ what, problems }: ProblemNoticesProps) {
  const entries = Object.entries(problems);
  return entries.length === 0 ? null : (
    <div className="problems">
      {entries.map(([service, problem]) => (
        <Notice key={service} tone="waiting" title={`${what} ${service} cannot be told at present`}>
          <p>{problem}</p>
        </Notice>
      ))}
    </div>
  );
}

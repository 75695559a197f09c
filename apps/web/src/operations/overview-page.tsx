import { formatClock } from "../format.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Notice, Skeleton } from "../ui/notice.tsx";
import { useDepthHistory } from "./depth-history.ts";
import { everyMs, useBacklogs, useServices, useVerification } from "./figures.ts";
import { Freshness } from "./freshness.tsx";
import { type Need, needsOf } from "./needs.ts";
import { OperationsHead } from "./operations-head.tsx";
import { ProblemNotices } from "./problem-notices.tsx";
import { serviceRows } from "./service-rows.ts";
import { ServicesTable } from "./services-table.tsx";
import "./needs.css";

/** Whether all is well, and if not, where to look. */
export default function OverviewPage() {
  const services = useServices();
  const backlogs = useBacklogs();
  const verification = useVerification({ isRunning: false });
  const needs = needsOf({
    services: services.data,
    backlogs: backlogs.data,
    verification: verification.query.data?.verification,
  });
  const depths = useDepthHistory(backlogs.data, backlogs.dataUpdatedAt);
  const problems = Object.fromEntries(
    (backlogs.data?.backlogs ?? []).flatMap(({ service, problem }) =>
      problem === "" ? [] : [[service, problem]],
    ),
  );
  return (
    <div className="operations">
      <OperationsHead part="/ops">
        <Freshness
          query={{ ...services, refetch: () => Promise.all([services.refetch(), backlogs.refetch()]) }}
          everyMs={everyMs.figures}
        />
      </OperationsHead>
      <Loaded query={services} what="The list of services" skeleton={<Skeleton rows={9} widths={[96]} />}>
        {(listed) => (
          <>
            <NeedsYou
              needs={needs}
              isComplete={backlogs.data !== undefined}
              readAt={services.dataUpdatedAt}
            />
            <section className="operations-part" aria-labelledby="services">
              <h2 id="services">Services</h2>
              <ServicesTable rows={serviceRows(listed.services, backlogs.data?.backlogs ?? [], depths)} />
            </section>
            {backlogs.data === undefined && backlogs.isError ? (
              <Notice tone="waiting" title="What waits in the services cannot be told at present" />
            ) : (
              <ProblemNotices what="What waits in" problems={problems} />
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

interface NeedsYouProps {
  readonly needs: readonly Need[];
  /** Whether everything was asked already. */
  readonly isComplete: boolean;
  readonly readAt: number;
}

function NeedsYou({ needs, isComplete, readAt }: NeedsYouProps) {
  return (
    <section className="operations-part" aria-labelledby="needs-you">
      <h2 id="needs-you">{needs.length === 0 ? "Needs you" : `Needs you (${needs.length})`}</h2>
      {needs.length === 0 ? (
        <p className="needs-nothing">
          {isComplete ? (
            <>
              <Glyph name="check" /> Nothing needs you. Checked {formatClock(readAt)}.
            </>
          ) : (
            "Asking the services…"
          )}
        </p>
      ) : (
        <ul className="needs">
          {needs.map(({ tone, text, href }) => (
            <li key={text}>
              <Link href={href} className={`need need-${tone}`} isRow>
                <Glyph name={tone === "failed" ? "cross" : "quarter"} />
                <span>{text}</span>
                <span aria-hidden="true">›</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

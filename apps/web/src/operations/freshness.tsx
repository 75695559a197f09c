import { formatClock, formatRelative } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { useNow } from "../ui/time.tsx";

/** The part of a query that says how old its figures are. */
export interface AgingQuery {
  readonly data: unknown;
  readonly dataUpdatedAt: number;
  readonly isError: boolean;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

/** How old the figures of a page are; and that they could not be refreshed, if that is so. */
export function Freshness({ query, everyMs }: { readonly query: AgingQuery; readonly everyMs: number }) {
  const now = useNow();
  const { data, dataUpdatedAt, isError, isFetching, refetch } = query;
  if (data === undefined) {
    return null;
  }
  const clock = formatClock(dataUpdatedAt);
  const age = formatRelative(dataUpdatedAt, Math.max(now, dataUpdatedAt));
  return (
    <p className={`freshness${isError ? " freshness-old" : ""}`}>
      <span>
        {isError
          ? `Could not be refreshed: as of ${clock} (${age}).`
          : `As of ${clock}, refreshed every ${Math.round(everyMs / 1000)} s.`}
      </span>
      <Button kind="quiet" isPending={isFetching && isError} onPress={() => void refetch()}>
        Refresh
      </Button>
    </p>
  );
}

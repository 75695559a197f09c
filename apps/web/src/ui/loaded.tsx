import type { ReactNode } from "react";
import { failureText } from "../failure-text.ts";
import { Failure } from "./failure.tsx";
import { Empty, Skeleton } from "./notice.tsx";

/** The part of a query that says how far it is. */
export interface QueryState<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly refetch: () => unknown;
}

export interface LoadedProps<Data> {
  readonly query: QueryState<Data>;
  /** What it is, as a sentence begins: "The order". */
  readonly what: string;
  readonly skeleton?: ReactNode;
  readonly children: (data: Data) => ReactNode;
}

/** What was loaded; until then its shape; without it why, and what to do. Old data stay while new ones cannot be had. */
export function Loaded<Data>({ query, what, skeleton, children }: LoadedProps<Data>) {
  if (query.data !== undefined) {
    return <>{children(query.data)}</>;
  }
  if (query.error !== null && query.error !== undefined) {
    const failure = failureText(query.error);
    if (failure.code.startsWith("NOT_FOUND")) {
      return (
        <Empty title={`${what} is not there`}>
          <p>{failure.text} It may also be somebody else’s.</p>
        </Empty>
      );
    }
    return <Failure error={query.error} what={`${what} could not be loaded`} onRetry={query.refetch} />;
  }
  return <>{skeleton ?? <Skeleton />}</>;
}

import { useMutation, useQuery } from "@connectrpc/connect-query";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import type { RunTimerNowResponse, Timer } from "@ordermesh/proto/ordermesh/loms/v1/workflow_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { useQueryFields } from "../app/navigate.ts";
import { deskActionText } from "../desk-words.ts";
import { queryText } from "../query-text.ts";
import { useReadAnew } from "../read-anew.ts";
import { Failure } from "../ui/failure.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Notice, Skeleton } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { Select } from "../ui/select.tsx";
import { StatusChip } from "../ui/status-chip.tsx";
import { useOnce } from "../ui/use-once.ts";
import { deskStatus } from "../words.ts";
import { everyMs } from "./figures.ts";
import { Freshness } from "./freshness.tsx";
import { timerText, timerTexts } from "./operation-words.ts";
import { OperationsHead } from "./operations-head.tsx";
import { OrderLink } from "./order-link.tsx";
import { TimersTable } from "./timers-table.tsx";

const pageSize = 100;

/** What happens to orders by itself, the next first; and how to let it happen now, or never. */
export default function TimersPage() {
  const [{ order = "", timer = "", page = "" }] = useQueryFields();
  const query = useQuery(
    LomsService.method.listTimers,
    { orderId: orderIdOf(order), timers: timer === "" ? [] : [timer], pageSize, pageToken: page },
    { placeholderData: keepPreviousData, refetchInterval: everyMs.lists, staleTime: 2_000 },
  );
  return (
    <div className="operations">
      <OperationsHead part="/ops/timers">
        <Freshness query={query} everyMs={everyMs.lists} />
      </OperationsHead>
      <Filters order={order} timer={timer} />
      <Loaded query={query} what="The timers" skeleton={<Skeleton rows={10} widths={[92]} />}>
        {({ timers, nextPageToken }) => (
          <>
            <Timers timers={timers} isFiltered={order !== "" || timer !== ""} />
            <p className="list-pages">
              {page === "" ? null : (
                <Link href={`/ops/timers${queryText({ order, timer })}`} button="plain">
                  The next to fire
                </Link>
              )}
              {nextPageToken === "" ? null : (
                <Link href={`/ops/timers${queryText({ order, timer, page: nextPageToken })}`} button="plain">
                  Later ones
                </Link>
              )}
            </p>
          </>
        )}
      </Loaded>
      <Outlet />
    </div>
  );
}

/** 0: of all. What is no number is nobody's. */
function orderIdOf(text: string): bigint {
  return text === "" ? 0n : /^\d{1,18}$/.test(text) ? BigInt(text) : 999_999_999_999_999_999n;
}

function Filters({ order, timer }: { readonly order: string; readonly timer: string }) {
  const [, change] = useQueryFields();
  return (
    <div className="filters">
      <SearchField
        label="Order number"
        value={order}
        onSearch={(text) => change({ order: text.trim(), page: "" }, { replace: true })}
      />
      <Select
        label="Waits for"
        hideLabel
        name="timer"
        value={timer}
        onChange={(value) => change({ timer: value, page: "" })}
        options={[
          { value: "", text: "Any timer" },
          ...Object.entries(timerTexts).map(([value, text]) => ({ value, text })),
        ]}
      />
    </div>
  );
}

function Timers({ timers, isFiltered }: { readonly timers: readonly Timer[]; readonly isFiltered: boolean }) {
  const [ran, setRan] = useState<{ readonly timer: Timer; readonly answer: RunTimerNowResponse }>();
  const readAnew = useReadAnew([LomsService.method.listTimers]);
  const run = useMutation(LomsService.method.runTimerNow);
  const once = useOnce();

  async function runNow(timer: Timer): Promise<void> {
    const { orderId, itemSku } = timer;
    setRan(undefined);
    try {
      setRan({ timer, answer: await run.mutateAsync({ orderId, timer: timer.timer, itemSku }) });
    } catch {
      // `run.error` is shown.
    } finally {
      await readAnew();
    }
  }

  return (
    <>
      {run.error === null ? null : (
        <Failure
          error={run.error}
          what={`${timerText(run.variables?.timer ?? "")} of order ${run.variables?.orderId} could not be run`}
        />
      )}
      {ran === undefined ? null : <Ran {...ran} />}
      {timers.length === 0 ? (
        <Empty
          title={isFiltered ? "No timers of this kind" : "No timers"}
          {...(isFiltered && { action: <Link href="/ops/timers">Show all timers</Link> })}
        >
          <p>Nothing will happen by itself here.</p>
        </Empty>
      ) : (
        <TimersTable
          timers={timers}
          running={run.isPending ? run.variables : undefined}
          onRun={(timer) => once(() => runNow(timer))}
        />
      )}
    </>
  );
}

function Ran({ timer, answer }: { readonly timer: Timer; readonly answer: RunTimerNowResponse }) {
  const isNothing = answer.steps.length === 0;
  return (
    <Notice
      tone={isNothing ? "waiting" : "done"}
      announced
      title={`${timerText(timer.timer)} of order ${timer.orderId} was run`}
    >
      <p>
        {isNothing ? (
          "Its step was over: nothing happened."
        ) : (
          <>
            {deskActionText(timer.action)}. Order <OrderLink orderId={timer.orderId} /> is now{" "}
            <StatusChip {...deskStatus(answer.status)} code={answer.stateCode} />
          </>
        )}
      </p>
    </Notice>
  );
}

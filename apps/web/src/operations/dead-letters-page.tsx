import type {
  DeadLetter,
  ListDeadLettersResponse,
} from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { useQueryFields } from "../app/navigate.ts";
import { formatClock, formatCount } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty, Notice, Skeleton } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { Select } from "../ui/select.tsx";
import { DeadLettersTable } from "./dead-letters-table.tsx";
import { everyMs, useDeadLetters } from "./figures.ts";
import { Freshness } from "./freshness.tsx";
import { OperationsHead } from "./operations-head.tsx";
import { ProblemNotices } from "./problem-notices.tsx";
import { RedriveDialog } from "./redrive-dialog.tsx";
import {
  type LetterFilter,
  letterKey,
  matchingLetters,
  type RedriveStep,
  redriveSteps,
} from "./redrive-plan.ts";
import type { RedriveResult } from "./use-redrive.ts";
import "./dead-letters.css";

/** Records that consumers gave up: why, what is in them, and their way back. */
export default function DeadLettersPage() {
  const query = useDeadLetters();
  return (
    <div className="operations">
      <OperationsHead part="/ops/dead-letters">
        <Freshness query={query} everyMs={everyMs.lists} />
      </OperationsHead>
      <Loaded query={query} what="The dead letters" skeleton={<Skeleton rows={8} widths={[95]} />}>
        {(listed) => <Letters listed={listed} />}
      </Loaded>
      <Outlet />
    </div>
  );
}

interface Planned {
  readonly steps: readonly RedriveStep[];
  readonly chosenBy: string;
}

function Letters({ listed }: { readonly listed: ListDeadLettersResponse }) {
  const [{ service = "", group = "", q: text = "" }] = useQueryFields();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [planned, setPlanned] = useState<Planned>();
  const [sent, setSent] = useState<{ readonly results: readonly RedriveResult[]; readonly at: number }>();
  const shown = matchingLetters(listed.deadLetters, { service, group, text });
  const selected = shown.filter((letter) => chosen.has(letterKey(letter)));
  const filter = filterText({ service, group, text });
  return (
    <>
      <ProblemNotices what="Dead letters of" problems={listed.problems} />
      {sent === undefined ? null : <Sent {...sent} />}
      <Filters letters={listed.deadLetters} filter={{ service, group, text }} />
      {shown.length === 0 ? (
        <NoLetters filter={filter} isAnything={listed.deadLetters.length > 0} />
      ) : (
        <>
          <div className="letters-actions">
            <Button
              kind={selected.length > 0 ? "primary" : "plain"}
              onPress={() => {
                if (selected.length > 0) {
                  setPlanned({ steps: redriveSteps(selected), chosenBy: "" });
                }
              }}
            >
              {selected.length === 0
                ? "Send back the selected…"
                : `Send back the ${formatCount(selected.length)} selected…`}
            </Button>
            <Button
              onPress={() => setPlanned({ steps: redriveSteps(shown), chosenBy: `Chosen: all ${filter}.` })}
            >
              {`Send back all ${formatCount(shown.length)} shown…`}
            </Button>
            {selected.length === 0 ? <span className="quiet">None selected.</span> : null}
            {listed.total > listed.deadLetters.length ? (
              <span className="quiet">
                {formatCount(listed.deadLetters.length)} of {formatCount(listed.total)} are listed: the oldest
                ones.
              </span>
            ) : null}
          </div>
          <DeadLettersTable letters={shown} chosen={chosen} onChoose={setChosen} />
        </>
      )}
      {planned === undefined ? null : (
        <RedriveDialog
          {...planned}
          onClose={() => setPlanned(undefined)}
          onSent={(results) => {
            setSent({ results, at: Date.now() });
            setChosen(new Set());
            setPlanned(undefined);
          }}
        />
      )}
    </>
  );
}

function Sent({ results, at }: { readonly results: readonly RedriveResult[]; readonly at: number }) {
  const count = results.reduce((sum, { redriven }) => sum + redriven, 0);
  return (
    <Notice
      tone="done"
      announced
      title={`${formatCount(count)} ${count === 1 ? "record was" : "records were"} sent back at ${formatClock(at)}`}
    >
      <ul>
        {results.map(({ step, redriven }) => (
          <li key={`${step.service} ${step.group} ${step.ids[0] ?? ""}`}>
            {step.service}: {formatCount(redriven)} of {formatCount(step.count)} to{" "}
            <span className="mono">{step.topic}</span>
            {redriven < step.count ? "; somebody else had sent the others" : ""}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Filters({ letters, filter }: { letters: readonly DeadLetter[]; filter: LetterFilter }) {
  const [, change] = useQueryFields();
  const services = new Set([
    ...letters.map(({ service }) => service),
    ...(filter.service === "" ? [] : [filter.service]),
  ]);
  const groups = new Set([
    ...letters
      .filter(({ service }) => filter.service === "" || service === filter.service)
      .map(({ record }) => record?.group ?? ""),
    ...(filter.group === "" ? [] : [filter.group]),
  ]);
  const options = (all: string, values: Iterable<string>) => [
    { value: "", text: all },
    ...[...values].sort().map((value) => ({ value, text: value })),
  ];
  return (
    <div className="filters">
      <Select
        label="Service"
        hideLabel
        name="service"
        value={filter.service}
        onChange={(value) => change({ service: value, group: "" })}
        options={options("All services", services)}
      />
      <Select
        label="Consumer group"
        hideLabel
        name="group"
        value={filter.group}
        onChange={(value) => change({ group: value })}
        options={options("All groups", groups)}
      />
      <SearchField
        label="Reason, type, order"
        value={filter.text}
        onSearch={(q) => change({ q }, { replace: true })}
      />
    </div>
  );
}

function filterText({ service, group, text }: LetterFilter): string {
  return [
    service === "" ? "of all services" : `of ${service}`,
    group === "" ? "" : `group ${group}`,
    text === "" ? "" : `with “${text}”`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function NoLetters({ filter, isAnything }: { readonly filter: string; readonly isAnything: boolean }) {
  return isAnything ? (
    <Empty
      title={`No dead letters ${filter}`}
      action={<Link href="/ops/dead-letters">Show all dead letters</Link>}
    />
  ) : (
    <Empty title="No dead letters">
      <p>
        Every record that came was handled. What cannot be handled after several tries is kept here, with its
        reason.
      </p>
    </Empty>
  );
}

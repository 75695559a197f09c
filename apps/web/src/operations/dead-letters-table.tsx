import type { DeadLetter } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import type { ReactNode } from "react";
import { useQueryFields } from "../app/navigate.ts";
import { formatCount } from "../format.ts";
import { queryText } from "../query-text.ts";
import { Link } from "../ui/link.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { letterKey, shortType } from "./redrive-plan.ts";

export interface DeadLettersTableProps {
  readonly letters: readonly DeadLetter[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

export function DeadLettersTable({ letters, chosen, onChoose }: DeadLettersTableProps) {
  const [fields] = useQueryFields();
  const isAll = letters.every((letter) => chosen.has(letterKey(letter)));

  function choose(letter: DeadLetter, isChosen: boolean): void {
    const next = new Set(chosen);
    next[isChosen ? "add" : "delete"](letterKey(letter));
    onChoose(next);
  }
  const box = (letter: DeadLetter) => (
    <input
      type="checkbox"
      className="select-box"
      aria-label={`Select ${nameOf(letter)}`}
      checked={chosen.has(letterKey(letter))}
      onChange={(event) => choose(letter, event.currentTarget.checked)}
    />
  );
  const detail = (letter: DeadLetter, children: ReactNode) => (
    <Link
      href={`/ops/dead-letters/letter${queryText({ ...fields, of: letter.service, id: letter.record?.id })}`}
      isRow
    >
      {children}
    </Link>
  );
  return (
    <div className="letters">
      <label className="select-all">
        <input
          type="checkbox"
          className="select-box"
          checked={isAll}
          onChange={() => onChoose(isAll ? new Set() : new Set(letters.map(letterKey)))}
        />
        Select all {formatCount(letters.length)} shown
      </label>
      <Table
        caption="Dead letters"
        rows={letters}
        rowKey={letterKey}
        columns={columnsOf(box, detail)}
        isSelected={(letter) => chosen.has(letterKey(letter))}
        phone={(letter) => ({
          first: (
            <>
              <span className="letter-lead">
                {box(letter)} {detail(letter, nameOf(letter))}
              </span>
              <span className="quiet">{letter.service}</span>
            </>
          ),
          second: <span className="problem-text">{letter.record?.reason}</span>,
        })}
      />
    </div>
  );
}

/** "OrderPaid of 9000000398". */
export function nameOf({ record }: DeadLetter): string {
  const type = record?.eventType ? shortType(record.eventType) : "A record that is no event";
  return record?.subject ? `${type} of ${record.subject}` : type;
}

function columnsOf(
  box: (letter: DeadLetter) => ReactNode,
  detail: (letter: DeadLetter, children: ReactNode) => ReactNode,
): readonly Column<DeadLetter>[] {
  return [
    { id: "select", title: "", width: 36, cell: box },
    {
      id: "time",
      title: "Given up",
      width: 160,
      cell: ({ record }) => <Time value={record?.givenUpTime} />,
    },
    { id: "event", title: "Event", width: 220, cell: (letter) => detail(letter, nameOf(letter)) },
    { id: "service", title: "Given up by", width: 104, cell: ({ service }) => service },
    {
      id: "reason",
      title: "Reason",
      cell: ({ record }) => (
        <span className="problem-text" title={record?.reason}>
          {record?.reason}
        </span>
      ),
    },
    {
      id: "attempts",
      title: "Tries",
      optional: 2,
      width: 60,
      isNumber: true,
      cell: ({ record }) => formatCount(record?.attempts ?? 0),
    },
    {
      id: "topic",
      title: "Topic",
      optional: 1,
      width: 140,
      cell: ({ record }) => <span className="mono quiet">{record?.topic}</span>,
    },
  ];
}

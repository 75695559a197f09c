import { OrderStatus } from "@ordermesh/proto/ordermesh/loms/v1/order_pb";
import { useId, useState } from "react";
import { Button } from "../ui/button.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { Select } from "../ui/select.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { deskStatus } from "../words.ts";
import {
  filterNames,
  filterText,
  isFiltered,
  type ListFields,
  namedViews,
  statusNames,
} from "./order-filter.ts";
import { forgetView, keepView, ownViews } from "./own-views.ts";
import "./filter-bar.css";

type Change = (
  fields: Readonly<Record<string, string | undefined>>,
  options?: { readonly replace?: boolean },
) => void;

export interface FilterBarProps {
  readonly fields: ListFields;
  readonly onChange: Change;
}

/** Which orders: named views, a search, and what can be chosen. All of it is in the address. */
export function FilterBar({ fields, onChange }: FilterBarProps) {
  const [own, setOwn] = useState(ownViews);
  const current = filterText(fields);
  const views = [...namedViews, ...own];
  const isKept = own.some((view) => filterText(view.fields) === current);
  const isNamed = views.some((view) => filterText(view.fields) === current);
  const { status = "" } = fields;
  const choose = (name: string, value: string) => onChange({ [name]: value || undefined, rows: undefined });
  return (
    <>
      <Tabs
        label="Views"
        tabs={views.map((view) => ({
          href: `/desk/orders${filterText(view.fields)}`,
          text: view.name,
          isCurrent: filterText(view.fields) === current,
        }))}
      />
      <div className="desk-filters">
        <SearchField
          label="Order or buyer number"
          value={fields.q ?? ""}
          onSearch={(q) => onChange({ q, rows: undefined }, { replace: true })}
        />
        <Select
          label="State"
          hideLabel
          name="status"
          value={status}
          onChange={(value) => choose("status", value)}
          options={[
            { value: "", text: "Any state" },
            ...(status.includes(",") ? [{ value: status, text: `${status.split(",").length} states` }] : []),
            ...statusNames.map((name) => ({ value: name, text: deskStatus(OrderStatus[name]).word })),
          ]}
        />
        <Select
          label="Refunds"
          hideLabel
          name="refund"
          value={fields.refund ?? ""}
          onChange={(value) => choose("refund", value)}
          options={[
            { value: "", text: "Any refund or none" },
            { value: "open", text: "Refund open" },
          ]}
        />
        <Day label="from" value={fields.from ?? ""} onChange={(value) => choose("from", value)} />
        <Day label="to" value={fields.to ?? ""} onChange={(value) => choose("to", value)} />
        {isFiltered(fields) ? (
          <Button
            kind="quiet"
            onPress={() =>
              onChange(Object.fromEntries([...filterNames, "rows"].map((name) => [name, undefined])))
            }
          >
            Clear
          </Button>
        ) : null}
        {isFiltered(fields) && !isNamed ? <KeepView fields={fields} onKept={setOwn} /> : null}
        {isKept ? (
          <Button kind="quiet" onPress={() => setOwn(forgetView(fields))}>
            Forget this view
          </Button>
        ) : null}
      </div>
    </>
  );
}

function Day({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <span className="desk-day">
      <label htmlFor={id} className="quiet">
        {label}
      </label>
      <input
        id={id}
        type="date"
        className="field-input"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </span>
  );
}

function KeepView({
  fields,
  onKept,
}: {
  readonly fields: ListFields;
  readonly onKept: (views: ReturnType<typeof ownViews>) => void;
}) {
  const [name, setName] = useState<string>();
  if (name === undefined) {
    return (
      <Button kind="quiet" onPress={() => setName("")}>
        Keep as a view
      </Button>
    );
  }
  return (
    <form
      className="desk-day"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") {
          onKept(keepView(name.trim(), fields));
          setName(undefined);
        }
      }}
    >
      <input
        className="field-input"
        aria-label="Name of the view"
        placeholder="Name of the view"
        value={name}
        maxLength={40}
        // biome-ignore lint/a11y/noAutofocus: it has just been asked for.
        autoFocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit">Keep</Button>
    </form>
  );
}

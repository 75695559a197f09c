import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useEffectEvent, useRef } from "react";
import { type FittingColumn, fittingColumns, useWidth } from "./fitting-columns.ts";
import { Link } from "./link.tsx";
import { useIsPhone } from "./use-media.ts";
import "./table.css";

export interface Column<Row> extends FittingColumn {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Sorting is the service's: a link to the same list in another order. */
  readonly sort?: { readonly href: string; readonly direction: "ascending" | "descending" | undefined };
}

export interface TableProps<Row> {
  /** What it lists, for who cannot see it. */
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
  /** Where the first cell leads; it carries the row's focus. */
  readonly rowHref?: (row: Row) => string;
  /** On a phone a row is two lines: what and its state, who and how much. */
  readonly phone: (row: Row) => { readonly first: ReactNode; readonly second: ReactNode };
  /** Has just changed by itself: shown once. */
  readonly isChanged?: (row: Row) => boolean;
  /** How many there are in all, if more than these. */
  readonly total?: number;
  /** The end of what is loaded comes into view. */
  readonly onEnd?: () => void;
  readonly isSelected?: (row: Row) => boolean;
  /** Is over, and only told for completeness: set in a lighter ink. */
  readonly isQuiet?: (row: Row) => boolean;
}

const rowHeight = 32;
const phoneRowHeight = 60;
const overscan = 12;
/** So many rows before the end, more are asked for. */
const endRows = 20;

/** A real table with real links: they open in new tabs, and text can be selected. Only the rows in view are in the page. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, rows, rowKey, total, onEnd } = props;
  const body = useRef<HTMLDivElement>(null);
  const available = useWidth(body);
  const columns = available === undefined ? props.columns : fittingColumns(props.columns, available);
  const isPhone = useIsPhone() || columns.length === 0;
  const height = isPhone ? phoneRowHeight : rowHeight;
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan,
    scrollMargin: body.current?.offsetTop ?? 0,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : rowKey(row);
    },
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const reachEnd = useEffectEvent(() => onEnd?.());
  useEffect(() => {
    if (last >= rows.length - endRows) {
      reachEnd();
    }
  }, [last, rows.length]);
  const margin = virtualizer.options.scrollMargin;
  const before = Math.max(0, (items[0]?.start ?? margin) - margin);
  const after = Math.max(0, virtualizer.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin));
  const shown = items.flatMap(({ index }) => {
    const row = rows[index];
    return row === undefined ? [] : [{ row, index, key: rowKey(row) }];
  });

  if (isPhone) {
    return (
      <div ref={body}>
        <ul aria-label={caption} style={{ paddingTop: before, paddingBottom: after }}>
          {shown.map(({ row, index, key }) => (
            <PhoneRow key={key} row={row} position={index + 1} size={total ?? rows.length} {...props} />
          ))}
        </ul>
      </div>
    );
  }
  return (
    <div ref={body}>
      <table className="table" aria-rowcount={(total ?? rows.length) + 1}>
        <caption className="unseen">{caption}</caption>
        <ColumnWidths columns={columns} />
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={before} columns={columns.length} />
          {shown.map(({ row, index, key }) => (
            <TableRow key={key} row={row} position={index + 2} {...props} columns={columns} />
          ))}
          <Spacer height={after} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

function ColumnWidths<Row>({ columns }: { readonly columns: readonly Column<Row>[] }) {
  return (
    <colgroup>
      {columns.map(({ id, width }) => (
        <col key={id} {...(width !== undefined && { style: { width } })} />
      ))}
    </colgroup>
  );
}

function HeaderCell<Row>({ column }: { readonly column: Column<Row> }) {
  const { title, sort, isNumber = false } = column;
  return (
    <th
      scope="col"
      className={isNumber ? "number" : ""}
      {...(sort?.direction !== undefined && { "aria-sort": sort.direction })}
    >
      {sort === undefined ? (
        title
      ) : (
        <Link href={sort.href} className="table-sort">
          {title}
          {sort.direction === undefined ? "" : sort.direction === "ascending" ? " ↑" : " ↓"}
        </Link>
      )}
    </th>
  );
}

function TableRow<Row>({
  row,
  position,
  columns,
  rowHref,
  isChanged,
  isSelected,
  isQuiet,
}: TableProps<Row> & { readonly row: Row; readonly position: number }) {
  const href = rowHref?.(row);
  const classes = [
    isChanged?.(row) === true ? "changed" : "",
    isSelected?.(row) === true ? "table-selected" : "",
    isQuiet?.(row) === true ? "quiet" : "",
  ];
  return (
    <tr aria-rowindex={position} className={classes.join(" ").trim()}>
      {columns.map(({ id, cell, isNumber = false }, index) => (
        <td key={id} className={isNumber ? "number" : ""}>
          {index === 0 && href !== undefined ? (
            <span className="table-lead">
              <RowLink href={href}>{cell(row)}</RowLink>
            </span>
          ) : (
            cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

function PhoneRow<Row>({
  row,
  position,
  size,
  rowHref,
  phone,
  isChanged,
}: TableProps<Row> & { readonly row: Row; readonly position: number; readonly size: number }) {
  const { first, second } = phone(row);
  const href = rowHref?.(row);
  const lines = (
    <>
      <span className="phone-line">{first}</span>
      <span className="phone-line phone-line-second">{second}</span>
    </>
  );
  return (
    <li
      aria-posinset={position}
      aria-setsize={size}
      className={`phone-row${isChanged?.(row) === true ? " changed" : ""}`}
    >
      {href === undefined ? (
        <span className="phone-link">{lines}</span>
      ) : (
        <RowLink href={href} className="phone-link">
          {lines}
        </RowLink>
      )}
    </li>
  );
}

/** The j and k keys walk from one of these to the next. */
function RowLink(props: {
  readonly href: string;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  return <Link {...props} isRow />;
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  return height === 0 ? null : (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row of nothing has nothing that could have the focus.
    <tr aria-hidden="true">
      <td colSpan={columns} className="table-spacer" style={{ height }} />
    </tr>
  );
}

import { type RefObject, useLayoutEffect, useState } from "react";

/** The part of a column that says how much room it needs, and whether it can be spared. */
export interface FittingColumn {
  /** In pixels; absent: shares what is left. */
  readonly width?: number;
  /** May be left out where there is no room: 1 before 2. Absent: never. */
  readonly optional?: number;
}

/** What a column needs at least that shares what is left, in pixels. */
const sharedWidthMin = 160;

/**
 * The columns that there is room for, in their order.
 *
 * @param available in pixels.
 * @returns none if even those that cannot be spared have no room: then rows are told in two lines.
 */
export function fittingColumns<Column extends FittingColumn>(
  columns: readonly Column[],
  available: number,
): readonly Column[] {
  let fitting = columns;
  const leaving = columns
    .filter(({ optional }) => optional !== undefined)
    .toSorted((one, other) => (one.optional ?? 0) - (other.optional ?? 0));
  for (const column of leaving) {
    if (neededWidth(fitting) <= available) {
      break;
    }
    fitting = fitting.filter((each) => each !== column);
  }
  return neededWidth(fitting) <= available ? fitting : [];
}

function neededWidth(columns: readonly FittingColumn[]): number {
  return columns.reduce((sum, { width = sharedWidthMin }) => sum + width, 0);
}

/** The width of an element as it is now, in pixels; undefined until it is in the page. */
export function useWidth(place: RefObject<HTMLElement | null>): number | undefined {
  const [width, setWidth] = useState<number>();
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) {
      return undefined;
    }
    const measure = () => setWidth(element.clientWidth);
    measure();
    const resizing = new ResizeObserver(measure);
    resizing.observe(element);
    return () => resizing.disconnect();
  }, [place]);
  return width;
}

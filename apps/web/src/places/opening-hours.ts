import type { OpeningHours } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";

/** Opening hours as people write them: "Mon–Fri 11:30–22:00", one stretch a line. */

const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

type Hours = Pick<OpeningHours, "weekday" | "opens" | "closes">;

const line = /^([a-z]{3})[a-z]*(?:\s*[-–]\s*([a-z]{3})[a-z]*)?\s+(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})$/i;

/** @returns the line that cannot be read, in place of the hours. */
export function parseOpeningHours(text: string): readonly Hours[] | { readonly unreadable: string } {
  const hours: Hours[] = [];
  for (const each of text.split("\n").map((part) => part.trim())) {
    const [, first = "", last = first, opens = "", closes = ""] = line.exec(each) ?? [];
    const from = dayOf(first);
    const to = dayOf(last === "" ? first : last);
    if (each === "") {
      continue;
    }
    if (from < 0 || to < from) {
      return { unreadable: each };
    }
    for (let day = from; day <= to; day += 1) {
      hours.push({ weekday: day + 1, opens: opens.padStart(5, "0"), closes: closes.padStart(5, "0") });
    }
  }
  return hours;
}

/** Days that follow each other and have the same hours share a line. */
export function openingHoursText(hours: readonly Hours[]): string {
  const groups: { first: number; last: number; times: string }[] = [];
  for (const { weekday, opens, closes } of hours) {
    const times = `${opens}–${closes}`;
    const before = groups.findLast((group) => group.times === times && group.last === weekday - 1);
    if (before === undefined) {
      groups.push({ first: weekday, last: weekday, times });
    } else {
      before.last = weekday;
    }
  }
  return groups
    .map(({ first, last, times }) => {
      const day = days[first - 1] ?? "";
      return `${first === last ? day : `${day}–${days[last - 1] ?? ""}`} ${times}`;
    })
    .join("\n");
}

function dayOf(text: string): number {
  return days.findIndex((day) => day.toLowerCase() === text.toLowerCase());
}

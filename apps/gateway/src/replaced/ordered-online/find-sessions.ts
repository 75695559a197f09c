import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import type { CompatCalls } from "./compat-route.ts";
import type { Acting } from "./parts.ts";
import { stateOf } from "./session-shape.ts";

const sessionsMax = 100;

/** Locations that are looked at where none is named. */
const locationsMax = 50;

/** Sessions that are read at the same time. */
const parallelMax = 8;

/**
 * Sessions with their orders, at most 100, newest first at each location.
 *
 * @param filter.state in upper or lower case; empty: all states. That system knew two, and found nothing in others.
 */
export async function findSessions(
  acting: Acting,
  calls: CompatCalls,
  filter: { readonly locationId: bigint | undefined; readonly state: string },
): Promise<TableSession[]> {
  const wanted = filter.state.toUpperCase();
  if (wanted !== "" && wanted !== "OPEN" && wanted !== "CLOSED") {
    return [];
  }
  const { tables, authorization } = acting;
  const found: TableSession[] = [];
  for (const locationId of await locationsOf(acting, calls, filter.locationId)) {
    for (const state of statesOf(wanted)) {
      const { sessions } = await calls.call("tables", authorization, (call) =>
        tables.listSessions({ locationId, state, pageSize: sessionsMax }, call),
      );
      found.push(...sessions.slice(0, sessionsMax - found.length));
    }
    if (found.length === sessionsMax) {
      break;
    }
  }
  const whole: TableSession[] = [];
  for (let start = 0; start < found.length; start += parallelMax) {
    const batch = found.slice(start, start + parallelMax).map(async ({ sessionId }) => {
      const { session } = await calls.call("tables", authorization, (call) =>
        tables.getSession({ sessionId }, call),
      );
      return session === undefined ? [] : [session];
    });
    whole.push(...(await Promise.all(batch)).flat());
  }
  return whole.filter(({ state }) => wanted === "" || stateOf(state) === wanted);
}

function statesOf(wanted: string): SessionState[] {
  switch (wanted) {
    case "OPEN":
      return [SessionState.OPEN];
    case "CLOSED":
      return [SessionState.CLOSING, SessionState.CLOSED];
    default:
      return [SessionState.UNSPECIFIED];
  }
}

/** Where none is named: those at which the caller may see sessions, which the sessions then tell. */
async function locationsOf(
  { locations, authorization }: Acting,
  calls: CompatCalls,
  locationId: bigint | undefined,
): Promise<bigint[]> {
  if (locationId !== undefined) {
    return [locationId];
  }
  const found = await calls.call("tables", authorization, (call) =>
    locations.listLocations({ pageSize: locationsMax }, call),
  );
  return found.locations.map((location) => location.locationId);
}

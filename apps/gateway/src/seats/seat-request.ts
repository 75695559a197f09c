import type { IncomingMessage } from "node:http";
import { HttpProblem } from "../rest/http-problem.ts";
import { type HeldSeat, isSeatId, readSeats } from "./seat-cookies.ts";

/** A request about a seat that a page of ours has sent. */
export interface SeatRequest {
  readonly seatId: string;
  /** All of the browser's, the one that was used last first. */
  readonly seats: readonly HeldSeat[];
  /** That of the request; undefined if nobody is signed in to it. */
  readonly seat: HeldSeat | undefined;
}

/**
 * Makes sure that a page of this origin has sent it. The header is what no form and no page of another origin can send; the
 * rest are second locks on the same door.
 *
 * @param publicOrigin under which browsers know us, where something before us changes the header `host`.
 * @throws HttpProblem 400 without a proper seat id, 403 for another origin's page.
 */
export function readSeatRequest(
  { headers }: Pick<IncomingMessage, "headers">,
  publicOrigin: string,
): SeatRequest {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isForeign = origin !== undefined && origin !== publicOrigin && hostOf(origin) !== host;
  if (isForeign || (site !== undefined && site !== "same-origin" && site !== "none")) {
    throw new HttpProblem(403, "ORIGIN_NOT_ALLOWED", "Only pages of this gateway may use its seats.");
  }
  const seatId = headers["x-ordermesh-seat"];
  if (typeof seatId !== "string" || !isSeatId(seatId)) {
    throw new HttpProblem(
      400,
      "SEAT_MISSING",
      "Send the header x-ordermesh-seat with 12 to 40 letters, digits, hyphens or underscores: the same ones for as long as the tab lives.",
    );
  }
  const seats = readSeats(headers.cookie);
  return { seatId, seats, seat: seats.find(({ id }) => id === seatId) };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

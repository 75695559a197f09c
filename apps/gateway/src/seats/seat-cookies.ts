/** What a browser keeps of one signed-in person, in a cookie that no script can read. */
export interface HeldSeat {
  /** Made by the page, one for each tab that somebody signed in to. */
  readonly id: string;
  /** For the list of who is signed in. Not believed: the token says who it is. */
  readonly username: string;
  /** When it was last signed in to or refreshed, in seconds since 1970. */
  readonly usedAtSeconds: number;
  readonly refreshToken: string;
}

/** More would make the browser's header long; whoever opens a ninth loses the one that was quiet for longest. */
export const seatsMax = 8;

/** No other request carries the cookies, so that nothing else can be done with them. */
export const seatPath = "/auth/seat";

const namePrefix = "ordermesh-seat-";
const idPattern = /^[A-Za-z0-9_-]{12,40}$/;
const valuePattern = /^1\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{0,400})\.([A-Za-z0-9_-]{1,200})$/;

/** The longest that a browser keeps a seat that is not used. The token in it may be over before that. */
const keptSeconds = 30 * 24 * 3600;

export function isSeatId(text: string): boolean {
  return idPattern.test(text);
}

/** The seats in a header `cookie`, the one that was used last first. What is not ours, or not whole, is left out. */
export function readSeats(header: string | undefined): HeldSeat[] {
  const seats = (header ?? "").split(";").flatMap((part) => {
    const [name = "", value = ""] = part.trim().split("=", 2);
    const id = name.startsWith(namePrefix) ? name.slice(namePrefix.length) : "";
    const [, usedAt = "", username = "", refreshToken = ""] = valuePattern.exec(value) ?? [];
    return isSeatId(id) && refreshToken !== ""
      ? [
          {
            id,
            username: Buffer.from(username, "base64url").toString(),
            usedAtSeconds: Number.parseInt(usedAt, 36),
            refreshToken,
          },
        ]
      : [];
  });
  return seats.sort((a, b) => b.usedAtSeconds - a.usedAtSeconds);
}

/** @param secure whether the browser comes over TLS: then the cookie goes over nothing else. */
export function seatCookie({ id, username, usedAtSeconds, refreshToken }: HeldSeat, secure: boolean): string {
  const value = `1.${usedAtSeconds.toString(36)}.${Buffer.from(username).toString("base64url")}.${refreshToken}`;
  return cookie(id, value, keptSeconds, secure);
}

/** Has the browser forget a seat. */
export function emptySeatCookie(id: string, secure: boolean): string {
  return cookie(id, "", 0, secure);
}

function cookie(id: string, value: string, maxAgeSeconds: number, secure: boolean): string {
  const attributes = [`Max-Age=${maxAgeSeconds}`, `Path=${seatPath}`, "HttpOnly", "SameSite=Strict"];
  return [`${namePrefix}${id}=${value}`, ...attributes, ...(secure ? ["Secure"] : [])].join("; ");
}

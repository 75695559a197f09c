import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";

const pageSizeDefault = 50;

interface PageRequest {
  readonly userId: bigint;
  /** 0: of all orders. */
  readonly orderId: bigint;
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * One page of rows of a user, an order, or both, newest first. One more than the page is read, to know whether another page follows.
 *
 * @param list reads rows with an id below the one given.
 * @param filter what else has to be the same from page to page.
 */
export async function readPage<Row extends { readonly id: bigint }>(
  { userId, orderId, pageSize, pageToken }: PageRequest,
  list: (before: bigint | undefined, countMax: number) => Promise<Row[]>,
  filter: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly rows: readonly Row[]; readonly nextPageToken: string }> {
  // Left out where it is not asked for, so that the tokens of before, which knew no order, still lead on.
  const query = { userId, orderId: orderId === 0n ? undefined : orderId, ...filter };
  const before = idOf(decodePageToken(pageToken, query, 1));
  const countMax = pageSize === 0 ? pageSizeDefault : pageSize;
  const found = await list(before, countMax + 1);
  const rows = found.slice(0, countMax);
  const last = rows.at(-1);
  const follows = found.length > countMax && last !== undefined;
  return { rows, nextPageToken: follows ? encodePageToken([`${last.id}`], query) : "" };
}

function idOf(position: readonly string[] | undefined): bigint | undefined {
  const [id] = position ?? [];
  if (id !== undefined && !/^\d{1,18}$/.test(id)) {
    throw malformed("is malformed");
  }
  return id === undefined ? undefined : BigInt(id);
}

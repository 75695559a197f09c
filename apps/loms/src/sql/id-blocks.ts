import type { Queryable } from "@ordermesh/postgres/tx";

/** The number of a block of ids that nobody else gets. */
export async function nextIdBlock(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ block: bigint }>("select nextval('id_blocks') as block");
  if (row === undefined) {
    throw new Error("The sequence id_blocks gave no value.");
  }
  return row.block;
}

import { type Tx, textArrayLiteral } from "@ordermesh/postgres/tx";

export interface StoredKey {
  readonly id: string;
  /** A JWK. */
  readonly publicKey: string;
  readonly sealedPrivateKey: Uint8Array;
  /** By the database's clock, in milliseconds since 1970. */
  readonly signsFromMs: number;
}

/** Lets one replica at a time look at the keys and decide. @returns the database's time. */
export async function lockSigningKeys(tx: Tx): Promise<number> {
  await tx.query("lock table signing_keys in share row exclusive mode");
  const [row] = await tx.query<{ now_ms: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms",
  );
  return Math.floor(row?.now_ms ?? 0);
}

export async function listSigningKeys(tx: Tx): Promise<StoredKey[]> {
  const rows = await tx.query<{
    id: string;
    public_key: string;
    sealed_private_key: Uint8Array;
    signs_from_ms: number;
  }>(
    `select id, public_key, sealed_private_key, (extract(epoch from signs_from) * 1000)::float8 as signs_from_ms
     from signing_keys order by signs_from`,
  );
  return rows.map((row) => ({
    id: row.id,
    publicKey: row.public_key,
    sealedPrivateKey: row.sealed_private_key,
    signsFromMs: row.signs_from_ms,
  }));
}

export function insertSigningKey(tx: Tx, key: StoredKey): void {
  tx.execute(
    `insert into signing_keys (id, public_key, sealed_private_key, signs_from)
     values ($1::text, $2::text, $3::bytea, to_timestamp($4::float8 / 1000))`,
    [key.id, key.publicKey, key.sealedPrivateKey, key.signsFromMs],
  );
}

export function deleteSigningKeys(tx: Tx, ids: readonly string[]): void {
  tx.execute("delete from signing_keys where id = any($1::text[])", [textArrayLiteral(ids)]);
}

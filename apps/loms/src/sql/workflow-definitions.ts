import type { Tx } from "@ordermesh/postgres/tx";

/** A definition, as far as it is stored. */
export interface StorableDefinition {
  readonly name: string;
  readonly version: number;
}

/**
 * Writes the definitions that this version of the service knows and the database does not.
 *
 * @throws Error when one says something else than under the same name and version before: orders live by it.
 */
export async function pinDefinitions(tx: Tx, definitions: readonly StorableDefinition[]): Promise<void> {
  for (const definition of definitions) {
    const { name, version } = definition;
    const text = JSON.stringify(definition);
    await tx.query(
      `insert into workflow_definitions (name, version, definition) values ($1, $2::smallint, $3::text::json)
       on conflict do nothing`,
      [name, version, text],
    );
    const [row] = await tx.query<{ same: boolean }>(
      `select definition::jsonb = $3::text::jsonb as same from workflow_definitions
       where name = $1 and version = $2::smallint`,
      [name, version, text],
    );
    if (row?.same !== true) {
      throw new Error(
        `The workflow ${name}@${version} has been changed since orders began with it. Give the changed one a new version.`,
      );
    }
  }
}

import postgres from "postgres";

/**
 * The schema of a database as SQL on one page: types, sequences, tables with their columns and constraints, indexes.
 * pg_dump is not among the embedded server's programs, and its output changes with its version; this one depends only
 * on the catalogue.
 */
export async function dumpSchema(url: string): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const parts = [
      ...(await enumTypes(sql)),
      ...(await sequences(sql)),
      ...(await tables(sql)),
      ...(await indexes(sql)),
      ...(await functions(sql)),
    ];
    return `-- What the migrations of this service add up to. Written by \`pnpm schema\`, compared in CI.\n\n${parts.join("\n\n")}\n`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

const ours = "n.nspname = 'public'";

async function enumTypes(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql.unsafe(
    `select t.typname as name, string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) as labels
     from pg_type t join pg_enum e on e.enumtypid = t.oid join pg_namespace n on n.oid = t.typnamespace
     where ${ours} group by t.typname order by t.typname`,
  );
  return rows.map(({ name, labels }) => `create type ${name} as enum (${labels});`);
}

async function sequences(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql.unsafe(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where ${ours} and c.relkind = 'S'
       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i'))
     order by c.relname`,
  );
  return rows.map(({ name }) => `create sequence ${name};`);
}

async function tables(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql.unsafe(
    `select c.oid, c.relname as name, array_to_string(c.reloptions, ', ') as options
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where ${ours} and c.relkind = 'r' order by c.relname`,
  );
  return await Promise.all(
    rows.map(async ({ oid, name, options }) => {
      const lines = [...(await columns(sql, oid)), ...(await constraints(sql, oid))];
      const withOptions = options === null ? "" : ` with (${options})`;
      return `create table ${name} (\n${lines.map((line) => `  ${line}`).join(",\n")}\n)${withOptions};`;
    }),
  );
}

async function columns(sql: postgres.Sql, table: number): Promise<string[]> {
  const rows = await sql.unsafe(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
       a.attidentity as identity, a.attgenerated as generated, pg_get_expr(d.adbin, d.adrelid) as expression
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [table],
  );
  return rows.map(({ name, type, required, identity, generated, expression }) => {
    const parts = [name, type, required ? "not null" : ""];
    if (identity !== "") {
      parts.push(`generated ${identity === "a" ? "always" : "by default"} as identity`);
    } else if (generated !== "") {
      parts.push(`generated always as (${expression}) stored`);
    } else if (expression !== null) {
      parts.push(`default ${expression}`);
    }
    return parts.filter((part) => part !== "").join(" ");
  });
}

/** PostgreSQL 18 lists NOT NULL among the constraints; the columns tell it already. */
async function constraints(sql: postgres.Sql, table: number): Promise<string[]> {
  const rows = await sql.unsafe(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid = $1 and contype in ('p', 'u', 'f', 'c', 'x') order by contype <> 'p', conname`,
    [table],
  );
  return rows.map(({ name, definition }) => `constraint ${name} ${definition}`);
}

async function indexes(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql.unsafe(
    `select pg_get_indexdef(i.indexrelid) as definition
     from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     where ${ours} and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
     order by c.relname`,
  );
  return rows.map(({ definition }) => `${String(definition).replaceAll("public.", "")};`);
}

async function functions(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql.unsafe(
    `select pg_get_functiondef(p.oid) as definition from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where ${ours} order by p.proname`,
  );
  return rows.map(({ definition }) => `${definition};`);
}

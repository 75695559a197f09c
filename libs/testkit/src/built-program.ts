import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * What Node is called with to run an app as users do. From its sources, each start would compile all that it imports, for
 * five times the processor time.
 *
 * @throws Error when it is not built. `npm test` builds.
 */
export function builtProgram(app: string): string[] {
  const main = fileURLToPath(new URL(`../../../apps/${app}/dist/main.js`, import.meta.url));
  if (!existsSync(main)) {
    throw new Error(`${app} is not built. Run \`pnpm build\`.`);
  }
  return ["--enable-source-maps", main];
}

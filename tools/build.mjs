import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fingerprint, isStamped, removeStamp, writeStamp } from "./fingerprint.mjs";
import { root, StepFailed, timed } from "./step.mjs";
import { withWorkspaceLock } from "./workspace-lock.mjs";

const stampFile = ".build/built";

/** Packages that are not written as ES modules call require, which an ES module does not have. */
const banner = [
  'import { createRequire as ordermeshCreateRequire } from "node:module";',
  "const require = ordermeshCreateRequire(import.meta.url);",
].join("\n");

const swaggerUi = "apps/gateway/node_modules/swagger-ui-dist";

/** The pages, as they are built, and where the gateway has them beside its program. */
const pages = { source: "apps/web", built: "apps/web/dist", served: "apps/gateway/dist/web" };

/** What programs serve as it is: a built one has it in its own folder, because nothing else is in its container. */
const filesBesidePrograms = {
  gateway: [
    ...[
      "proto/gen/openapi.json",
      "proto/gen/asyncapi.json",
      `${swaggerUi}/swagger-ui.css`,
      `${swaggerUi}/swagger-ui-bundle.js`,
    ].map((from) => ({ from, to: `apps/gateway/dist/documents/${basename(from)}` })),
  ],
};

/** Every app that has a program. */
function appsToBuild() {
  return readdirSync(join(root, "apps")).filter((app) =>
    existsSync(join(root, "apps", app, "src", "main.ts")),
  );
}

function filesToCopy() {
  return appsToBuild().flatMap((app) => filesBesidePrograms[app] ?? []);
}

function wanted() {
  const sources = ["apps", "libs"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, "src")),
  );
  const isProgram = (path) => !path.endsWith(".test.ts");
  const others = [
    "apps/web/index.html",
    "apps/web/vite.config.ts",
    "proto/gen",
    "tools/build.mjs",
    "pnpm-lock.yaml",
  ];
  return fingerprint([...sources, ...others], isProgram);
}

export function isBuilt() {
  const programs = appsToBuild().map((app) => join(root, "apps", app, "dist", "main.js"));
  const besides = filesToCopy().map(({ to }) => join(root, to));
  const page = join(root, pages.served, "index.html");
  return [...programs, ...besides, page].every((file) => existsSync(file)) && isStamped(stampFile, wanted());
}

/**
 * Maps only the first place of each library's file, so that a stack names the file but not the line. The first error of
 * a process makes Node read the whole map and keep it: with every line of the libraries in it that took 32 MB of each
 * service.
 */
const librariesByFile = {
  name: "libraries by file",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const map = JSON.stringify({ version: 3, sources: [basename(path)], mappings: "AAAA" });
      const url = `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
      return { contents: `${source}\n//# sourceMappingURL=${url}`, loader: "js" };
    });
  },
};

/**
 * Bundles every program with all that it imports into one file. A service started from its sources would read some
 * 800 files through a compiler; bundled it starts in a fraction of the time and memory.
 *
 * All of them in one run, because most of what they import is the same: a third of the time of one run each. And in
 * whole files, not split at dynamic imports: a part that two programs share would lie in neither one's folder, where
 * `new URL("../migrations/", import.meta.url)` has to mean the same as in src/. What is imported dynamically is still
 * evaluated only then.
 */
export async function build() {
  const content = wanted();
  removeStamp(stampFile);
  const esbuild = await import("esbuild");
  const options = {
    absWorkingDir: root,
    entryPoints: appsToBuild().map((app) => ({ in: `apps/${app}/src/main.ts`, out: `${app}/dist/main` })),
    outdir: "apps",
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Only positions: with the sources in them, the maps would take more memory than the program.
    sourcemap: "linked",
    sourcesContent: false,
    plugins: [librariesByFile],
    banner: { js: banner },
    // Compiled code can not be bundled: it is put beside the program. Identity alone has some, for its passwords.
    loader: { ".node": "copy" },
    assetNames: "identity/dist/[name]-[hash]",
    logLevel: "warning",
    write: false,
  };
  const building = esbuild.build(options).catch((error) => {
    throw new StepFailed(`The programs could not be built: see above. (${error.errors?.length ?? 0} errors)`);
  });
  const [{ outputFiles }] = await Promise.all([building, buildPages()]);
  for (const { path, contents } of outputFiles) {
    replaceFile(path, contents);
  }
  for (const { from, to } of filesToCopy()) {
    replaceFile(join(root, to), readFileSync(join(root, from)));
  }
  replacePages();
  writeStamp(stampFile, content);
}

/** Vite belongs to the pages alone, so it is found where they have it. */
async function buildPages() {
  const vite = await import(
    pathToFileURL(join(root, pages.source, "node_modules/vite/dist/node/index.js")).href
  );
  await vite
    .build({
      root: join(root, pages.source),
      configFile: join(root, pages.source, "vite.config.ts"),
      logLevel: "warn",
    })
    .catch((error) => {
      throw new StepFailed(`The pages could not be built: ${error.message}`);
    });
}

/** As one: a gateway that starts meanwhile must not find half of them. */
function replacePages() {
  const served = join(root, pages.served);
  rmSync(`${served}.unfinished`, { recursive: true, force: true });
  cpSync(join(root, pages.built), `${served}.unfinished`, { recursive: true });
  rmSync(served, { recursive: true, force: true });
  renameSync(`${served}.unfinished`, served);
}

/** In one step: a running mesh may start a program again at any time. */
function replaceFile(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await withWorkspaceLock(() => timed("build the programs", build));
  } catch (error) {
    if (!(error instanceof StepFailed)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

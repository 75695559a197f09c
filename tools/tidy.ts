import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";

/** Style and boundaries as a check, so that no review has to argue about what a machine can see. */

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Problem {
  readonly path: string;
  /** 1 for the first line; 0 if it concerns the whole file. */
  readonly line: number;
  readonly message: string;
}

const sourceLinesMax = 250;
const testLinesMax = 400;
const functionLinesMax = 70;

interface BannedText {
  readonly pattern: RegExp;
  readonly instead: string;
  readonly allowedIn?: RegExp;
}

/** miniZON's own spelling may stand where its contract is served. */
const minizonPlaces = /minizon|docs\/|README|CHANGELOG|^tests\//;

const bannedTexts: readonly BannedText[] = [
  { pattern: /\bpayed\b/i, instead: "paid", allowedIn: minizonPlaces },
  // grpc-js spells it so.
  {
    pattern: /\bcancelled\b/i,
    instead: "canceled",
    allowedIn: new RegExp(
      `${minizonPlaces.source}|^libs/rpc/|^apps/gateway/src/replaced/|^tools/contract-documents/replaced-`,
    ),
  },
  { pattern: /\bbaskets?\b/i, instead: "cart" },
  {
    pattern: /\bexactly[- ]once\b/i,
    instead: "at least once, each effect applied once",
    allowedIn: /\.test\.ts$|docs\//,
  },
  {
    pattern: /\bprocess\.env\b/,
    instead: "config.ts",
    allowedIn: /(config|main)\.ts$|^(tools|tests|libs\/testkit)\/|\/test\/|\.test\.ts$/,
  },
  { pattern: /(:|\bas) any\b/, instead: "a type" },
  { pattern: /\bconsole\./, instead: "the logger", allowedIn: /^tools\// },
  { pattern: /\b(FIXME|TODO|XXX)\b/, instead: "finish it, or write it into an issue" },
  {
    pattern: /\b(min|max)Length=\{\d/,
    instead: "limitsOf: the contract has it",
    // What no request has: searches, names of own views, a way to write two numbers in one field.
    allowedIn: /(search-field|filter-bar|menu-view|warehouse-field|card-fields)\.tsx$/,
  },
  { pattern: /@ts-ignore/, instead: "@ts-expect-error with a reason" },
  { pattern: /__test__/, instead: "a fault proxy (libs/testkit)" },
  { pattern: /\bsleep\(/, instead: "eventually() on the condition" },
  { pattern: /\.(only|skip)\(/, instead: "skipIf with a reason, or nothing" },
];

const bannedFileNames = /^(utils?|helpers?|common|shared|core|managers?|processors?|misc|index)\.tsx?$/;

export function checkFile(file: SourceFile): Problem[] {
  const problems = [...checkTexts(file)];
  if (/\.tsx?$/.test(file.path)) {
    problems.push(...checkLength(file), ...checkName(file), ...checkSyntax(file), ...checkImports(file));
  }
  if (file.path.endsWith(".css")) {
    problems.push(...checkLength(file));
  }
  if (file.path.endsWith(".md")) {
    problems.push(...checkDocument(file));
  }
  return problems;
}

function* checkTexts({ path, text }: SourceFile): Generator<Problem> {
  for (const [index, line] of text.split("\n").entries()) {
    for (const { pattern, instead, allowedIn } of bannedTexts) {
      if (pattern.test(line) && !allowedIn?.test(path)) {
        yield { path, line: index + 1, message: `"${pattern.exec(line)?.[0]}": use ${instead}.` };
      }
    }
  }
}

function* checkLength({ path, text }: SourceFile): Generator<Problem> {
  const linesMax = isTest(path) ? testLinesMax : sourceLinesMax;
  const lines = text.trimEnd().split("\n").length;
  if (lines > linesMax) {
    yield { path, line: 0, message: `${lines} lines; split it by noun, at most ${linesMax}.` };
  }
}

function* checkName({ path }: SourceFile): Generator<Problem> {
  if (bannedFileNames.test(basename(path))) {
    yield { path, line: 0, message: "the name says nothing; name the file for what it holds." };
  }
}

/** Functions that fit a screen, and nothing that runs on import outside of main.ts. */
function checkSyntax({ path, text }: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const runsOnImport = /\/main\.tsx?$|^tools\/|\.test\.ts$|vitest\.workspace\.ts$/;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined && !isTest(path)) {
      const lines = lineOf(node.end) - lineOf(node.getStart()) + 1;
      const isComposition = path.endsWith("/service.ts") || returnsObject(node);
      if (lines > functionLinesMax && !isComposition) {
        problems.push({
          path,
          line: lineOf(node.getStart()),
          message: `a function of ${lines} lines; at most ${functionLinesMax}.`,
        });
      }
    }
    const isTopLevelAwait = ts.isAwaitExpression(node) && !isInsideFunction(node);
    if (isTopLevelAwait && !runsOnImport.test(path)) {
      problems.push({
        path,
        line: lineOf(node.getStart()),
        message: "top-level await: only main.ts runs on import.",
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}

/** A function that makes an object of closures is a file's frame, not a piece of logic: its inner functions count. */
function returnsObject(node: ts.Node): boolean {
  const body = (node as ts.FunctionDeclaration).body;
  const last = body !== undefined && ts.isBlock(body) ? body.statements.at(-1) : undefined;
  if (last === undefined || !ts.isReturnStatement(last) || last.expression === undefined) {
    return false;
  }
  return ts.isObjectLiteralExpression(last.expression) || ts.isCallExpression(last.expression);
}

function isInsideFunction(node: ts.Node): boolean {
  for (let parent = node.parent; parent !== undefined; parent = parent.parent) {
    if (ts.isFunctionLike(parent)) {
      return true;
    }
  }
  return false;
}

/** The areas of the pages. */
const areas = ["shop", "desk", "warehouse", "places", "guest", "operations", "api"] as const;

/** Who may import whom. A row holds for files whose path matches; `never` is matched against what they import. */
const importRules: readonly { files: RegExp; never: RegExp; because: string }[] = [
  { files: /^libs\//, never: /^@ordermesh\/app-(?!devkafka)|^apps\//, because: "no lib imports an app" },
  {
    files: /^apps\/[^/]+\/src\/(?!.*\.test\.ts)/,
    never: /^@ordermesh\/(app-|testkit)/,
    because: "no app imports another app or the testkit",
  },
  {
    files: /^libs\/(?!testkit)[^/]+\/src\//,
    never: /^@ordermesh\/testkit/,
    because: "only tests import the testkit",
  },
  {
    files: /^libs\/(failure|config)\/src\/(?!.*\.test\.ts)/,
    never: /^@ordermesh\//,
    because: "failure and config depend on nothing",
  },
  {
    files: /^apps\/[^/]+\/src\/domain\/(?!.*\.test\.ts)/,
    never: /^(@ordermesh\/(?!failure)|@connectrpc|@bufbuild|postgres$|kafkajs)|\/(sql|rpc|events)\//,
    because: "domain/ is pure",
  },
  {
    files: /^apps\/[^/]+\/src\/sql\//,
    never: /\/(rpc|events)\/|^@connectrpc|^@bufbuild/,
    because: "sql/ only knows the domain and the database",
  },
  {
    files: /^apps\/[^/]+\/src\/[^/]+\.ts$/,
    never: /\/config\.ts$/,
    because: "only service.ts and main.ts know the configuration",
  },
  {
    files: /^(?!libs\/kafka\/|tests\/|apps\/devkafka\/|libs\/testkit\/).*\.ts$/,
    never: /^kafkajs$/,
    because: "kafkajs is imported in libs/kafka only",
  },
  {
    files: /^apps\/web\/src\//,
    never: /^react-aria-components$|^@ordermesh\/(?!proto\/)/,
    because: "pages know the contracts only, and components one by one: the barrel would come along whole",
  },
  {
    files: /^apps\/web\/src\/(?!ui\/)/,
    never: /^react-aria-components/,
    because: "components are wrapped in ui/",
  },
  {
    files: /^apps\/web\/src\/(?!feed\/)/,
    never: /\/feed\/(feed|feed-stream|leadership)\.ts$|feed\/v1\/feed_pb$/,
    because: "no component opens a stream: useTopic",
  },
  {
    files: /^apps\/web\/src\/(?:(?:ui|feed|session|cards|tables)\/|[^/]+$)/,
    never: new RegExp(`^apps/web/src/(?:${areas.join("|")})/`),
    because: "what all pages use knows none of them",
  },
  ...areas.map((area) => ({
    files: new RegExp(`^apps/web/src/${area}/`),
    never: new RegExp(`^apps/web/src/(?!${area}/)(?:${areas.join("|")})/`),
    because: "no area of the pages knows another: what two share has a room of its own",
  })),
];

function checkImports({ path, text }: SourceFile): Problem[] {
  const isRoot = /\/(service|main)\.ts$/.test(path);
  return [...text.matchAll(/^\s*(?:(?:import|export)[^;]*?from|import)\s+"([^"]+)"/gm)].flatMap((found) => {
    const imported = found[1]?.startsWith(".") ? normalize(join(dirname(path), found[1])) : (found[1] ?? "");
    const line = text.slice(0, found.index).split("\n").length;
    return importRules
      .filter(({ files, never }) => files.test(path) && never.test(imported))
      .filter(({ because }) => !(isRoot && because.startsWith("only service.ts")))
      .filter(({ because }) => !(path.startsWith("apps/ordermesh/") && because.startsWith("only service.ts")))
      .map(({ because }) => ({ path, line, message: `imports ${imported}: ${because}.` }));
  });
}

function* checkDocument({ path, text }: SourceFile): Generator<Problem> {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");
  const titles = prose.split("\n").filter((line) => /^# /.test(line)).length;
  if (titles !== 1) {
    yield { path, line: 0, message: `${titles} titles; a document has one.` };
  }
  for (const [, target = ""] of prose.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)) {
    if (!existsSync(join(dirname(path), target))) {
      yield { path, line: 0, message: `links to ${target}, which does not exist.` };
    }
  }
}

function isTest(path: string): boolean {
  return /\.test\.ts$|\/test\/|^tests\//.test(path);
}

/** Every file that git knows or would add, so that a new one is checked before it is committed. */
function listFiles(): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  return listed
    .split("\n")
    .filter((path) => /\.(tsx?|mjs|css|sql|proto|md)$/.test(path) && existsSync(path))
    .filter((path) => !/tools\/tidy(\.test)?\.ts$|^proto\/minizon\//.test(path))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const files = listFiles();
  const problems = files.flatMap(checkFile);
  for (const { path, line, message } of problems) {
    console.log(`${path}${line > 0 ? `:${line}` : ""}: ${message}`);
  }
  console.log(`tidy: ${files.length} files, ${problems.length} problems`);
  process.exitCode = problems.length > 0 || files.length === 0 ? 1 : 0;
}

import { expect, test } from "vitest";
import { checkFile } from "./tidy.ts";

/** What tidy says about a file. A check that never says anything would be no check. */
function messages(path: string, text: string): string[] {
  return checkFile({ path, text }).map(({ message }) => message);
}

test.each([
  ["a banned word", "apps/loms/src/x.ts", "const payed = 1;", /use paid/],
  ["the environment outside of a config", "apps/loms/src/x.ts", "const a = process.env.A;", /use config\.ts/],
  ["any", "libs/rpc/src/x.ts", "function f(a: any) {}", /use a type/],
  ["a name that says nothing", "libs/rpc/src/utils.ts", "export const a = 1;", /name says nothing/],
  ["a long file", "libs/rpc/src/x.ts", "const a = 1;\n".repeat(251), /251 lines/],
  [
    "a long function",
    "libs/rpc/src/x.ts",
    `function f() {\n${"  g();\n".repeat(70)}}`,
    /function of 72 lines/,
  ],
  ["work on import", "apps/loms/src/x.ts", "await f();", /top-level await/],
  [
    "an app in an app",
    "apps/loms/src/x.ts",
    'import { a } from "@ordermesh/app-product/x";',
    /no app imports another/,
  ],
  [
    "an app in a lib",
    "libs/rpc/src/x.ts",
    'import { a } from "@ordermesh/app-loms/x";',
    /no lib imports an app/,
  ],
  [
    "SQL in the domain",
    "apps/loms/src/domain/x.ts",
    'import { a } from "../sql/orders.ts";',
    /domain\/ is pure/,
  ],
  [
    "the barrel of components",
    "apps/web/src/ui/x.tsx",
    'import { Button } from "react-aria-components";',
    /the barrel would come along whole/,
  ],
  [
    "a component that opens a stream",
    "apps/web/src/shop/x.tsx",
    'import { startFeed } from "../feed/feed.ts";',
    /no component opens a stream/,
  ],
  [
    "an area of the pages in another one",
    "apps/web/src/guest/x.tsx",
    'import { Bills } from "../places/bills.tsx";',
    /no area of the pages knows another/,
  ],
  [
    "another area's look",
    "apps/web/src/guest/x.tsx",
    'import "../places/bills.css";',
    /no area of the pages knows another/,
  ],
  [
    "an area in what all pages use",
    "apps/web/src/tables/x.ts",
    'import { useOrder } from "../shop/use-order.ts";',
    /what all pages use/,
  ],
  ["a long style sheet", "apps/web/src/shop/x.css", ".a {}\n".repeat(251), /251 lines/],
  [
    "a limit that the contract has",
    "apps/web/src/shop/x.tsx",
    '<Field name="reason" maxLength={500} />',
    /use limitsOf/,
  ],
  ["kafkajs elsewhere", "apps/loms/src/x.ts", 'import { Kafka } from "kafkajs";', /libs\/kafka only/],
  ["the testkit in a program", "apps/loms/src/x.ts", 'import { a } from "@ordermesh/testkit/x";', /testkit/],
  [
    "the configuration below the root",
    "apps/loms/src/orders.ts",
    'import { a } from "./config.ts";',
    /only service\.ts/,
  ],
  ["two titles", "docs/x.md", "# One\n\n# Two\n", /2 titles/],
  ["a dead link", "docs/x.md", "# One\n\n[gone](nowhere.md)\n", /does not exist/],
])("finds %s", (_, path, text, message) => {
  expect(messages(path, text)).toContainEqual(expect.stringMatching(message));
});

test("says nothing about what is as it should be", () => {
  expect(
    messages("apps/loms/src/service.ts", 'import { a } from "./config.ts";\nexport const b = a;\n'),
  ).toEqual([]);
  expect(
    messages("apps/loms/src/domain/x.ts", 'import { Failure } from "@ordermesh/failure/failure";\n'),
  ).toEqual([]);
  expect(
    messages("apps/web/src/guest/x.tsx", 'import { a } from "../tables/split.ts";\nimport "./guest.css";\n'),
  ).toEqual([]);
  expect(messages("apps/loms/src/x.ts", `export function f() {\n${"  g();\n".repeat(60)}}\n`)).toEqual([]);
});

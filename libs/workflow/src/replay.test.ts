import { expect, test } from "vitest";
import { loan } from "../test/loan.ts";
import { type HistoryEntry, replay } from "./replay.ts";

const begin: HistoryEntry = { version: 1, after: [{ machine: "loan", subject: "", state: "" }] };
const borrow: HistoryEntry = {
  version: 2,
  role: "R",
  action: "borrow",
  after: [{ machine: "loan", subject: "", state: "OUT" }],
};
const reportLoss: HistoryEntry = {
  version: 3,
  role: "R",
  action: "report loss",
  after: [
    { machine: "copy", subject: "copy/1", state: "LOST" },
    { machine: "claim", subject: "claim/1", state: "OPEN" },
  ],
};
const close: HistoryEntry = {
  version: 4,
  role: "L",
  action: "close",
  after: [{ machine: "loan", subject: "", state: "BACK" }],
};

function problems(...history: readonly HistoryEntry[]): readonly string[] {
  return replay(loan, history).problems.map(({ version, text }) => `${version}: ${text}`);
}

test("the order can be looked at as it was at any version", () => {
  const { steps, problems: found } = replay(loan, [begin, borrow, reportLoss, close]);
  expect(found).toEqual([]);
  expect(
    steps.map(({ states }) => [...states].map(([subject, { state }]) => `${subject}=${state}`).join(" ")),
  ).toEqual(["=", "=OUT", "=OUT copy/1=LOST claim/1=OPEN", "=BACK copy/1=LOST claim/1=OPEN"]);
});

test("an instance that was never named begins where its silent rows put it", () => {
  expect(problems(begin, { ...reportLoss, version: 2 })).toEqual([
    '2: copy copy/1 can not get from "" to "LOST" by "report loss" of R.',
    '2: claim claim/1 can not get from "OPEN" to "OPEN" by "report loss" of R.',
  ]);
});

test("what the definition does not allow is told, and the rest is read on from there", () => {
  expect(problems(begin, { ...borrow, role: "L" }, reportLoss, close)).toEqual([
    '2: loan can not get from "" to "OUT" by "borrow" of L.',
  ]);
  expect(problems(begin, borrow, { ...close, version: 3, action: "burn" })).toEqual([
    '3: loan can not get from "OUT" to "BACK" by "burn" of L.',
  ]);
  expect(problems(begin, borrow, { ...borrow, version: 3, action: undefined, role: undefined })).toEqual([]);
  expect(problems(begin, borrow, { version: 3, action: "look", role: "R", after: [] })).toEqual([
    '3: Nothing moves by "look" of R.',
  ]);
  expect(problems(begin, { ...borrow, after: [{ machine: "shelf", subject: "1", state: "" }] })).toEqual([
    '2: There is no machine "shelf".',
  ]);
});

test("a missing version, a repeated one, and an instance out of nowhere are found", () => {
  expect(problems(begin, borrow, close)).toEqual(["4: Here version 3 is expected."]);
  expect(problems(begin, borrow, { ...borrow, version: 2 })).toContain("2: Here version 3 is expected.");
  const claim = { machine: "claim", subject: "claim/2", state: "OPEN" };
  expect(problems(begin, borrow, { ...close, version: 3, after: [...close.after, claim] })).toEqual([
    '3: claim claim/2 can not get from "OPEN" to "OPEN" by "close" of L.',
  ]);
});

test("rows are looked up as the parent stood before the entry", () => {
  const returned: HistoryEntry = { ...close, version: 3, role: "R", action: "return" };
  expect(problems(begin, borrow, returned, { ...reportLoss, version: 4 })[0]).toContain(
    'from "READ" to "LOST"',
  );
});

test("entries from before actions were recorded need only lead somewhere", () => {
  const old: HistoryEntry = { version: 3, after: [{ machine: "loan", subject: "", state: "LATE" }] };
  expect(problems(begin, { ...borrow, action: undefined, role: undefined }, old)).toEqual([]);
  expect(problems(begin, { ...old, version: 2 })).toEqual(['2: loan can not get from "" to "LATE".']);
});

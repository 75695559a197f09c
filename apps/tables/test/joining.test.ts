import { TablesService } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { joinLimits } from "../src/domain/join-limit.ts";
import { codeAlphabet } from "../src/domain/session-code.ts";
import { refusalOf } from "./refusal.ts";
import { fromElsewhere, type House, openHouse, type TablesClient } from "./table.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

/* S15: guessing, reuse after close, other tables' codes, screenshots, join floods. */

const guestsMax = 5;
let harness: TablesHarness;
let house: House;
let anybody: TablesClient;

beforeAll(async () => {
  harness = await startTablesHarness({ environment: { TABLES_GUESTS_MAX: `${guestsMax}` } });
  house = await openHouse(harness);
  anybody = await harness.client(TablesService);
});
beforeEach(async () => void (await harness.sql`delete from join_limits`));
afterAll(() => harness?.stop());

function join(
  by: "code" | "link",
  value: string,
  options: object = fromElsewhere(),
  client: TablesClient = anybody,
) {
  return client.joinSession({ invitation: { case: by, value }, nickname: "Somebody" }, options);
}

/** A code that may be one, and is none. */
function wrongCode(index: number): string {
  const letter = (position: number) =>
    codeAlphabet[Math.floor(index / codeAlphabet.length ** position) % codeAlphabet.length];
  return `ZZZ${letter(2)}${letter(1)}${letter(0)}`;
}

async function joins(outcome: string): Promise<number> {
  const text = await (await fetch(`http://${harness.addresses.tables}/metrics`)).text();
  return Number(
    new RegExp(`ordermesh_tables_joins_total\\{.*outcome="${outcome}".*\\} (\\d+)`).exec(text)?.[1],
  );
}

test("somebody who guesses from one address has ten tries, all at once as well", async () => {
  const { code } = await house.open();
  const from = fromElsewhere();
  const before = await joins("too_many_tries");
  const guesses = Array.from({ length: 40 }, (_, index) => refusalOf(join("code", wrongCode(index), from)));
  const refusals = await Promise.all(guesses);
  expect(refusals.filter(({ reason }) => reason === "INVITATION_NOT_FOUND")).toHaveLength(
    joinLimits.wrong.triesMax,
  );
  expect(refusals.filter(({ reason }) => reason === "TOO_MANY_TRIES")).toHaveLength(30);
  expect((await joins("too_many_tries")) - before).toBe(30);
  // The right one does not help any more, and whoever sits elsewhere is not in the way.
  expect(await refusalOf(join("code", code, from))).toMatchObject({ code: "ResourceExhausted" });
  expect((await join("code", code)).guest?.nickname).toBe("Somebody");
});

test("many who guess together use up what all have together; links still let in", async () => {
  const table = await house.open();
  const { triesMax, everyMs } = joinLimits.wrongCodes;
  const startedAt = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: triesMax + 20 }, (_, index) => refusalOf(join("code", wrongCode(index)))),
  );
  // A try that a busy database had no time for tells nothing about its code, and does not count.
  for (let index = outcomes.length; !outcomes.some(({ reason }) => reason === "TOO_MANY_TRIES"); index += 1) {
    outcomes.push(await refusalOf(join("code", wrongCode(index))));
  }
  const wrong = outcomes.filter(({ reason }) => reason === "INVITATION_NOT_FOUND").length;
  const comeFree = Math.ceil((performance.now() - startedAt) / everyMs);
  expect(wrong).toBeGreaterThanOrEqual(triesMax);
  expect(wrong).toBeLessThanOrEqual(triesMax + comeFree);
  expect(await refusalOf(join("code", table.code))).toMatchObject({ code: "ResourceExhausted" });
  expect((await join("link", table.link)).session?.sessionId).toBe(table.sessionId);
});

test("right ones are not counted as guesses", async () => {
  const from = fromElsewhere();
  for (let index = 0; index < 3; index += 1) {
    const { code } = await house.open();
    for (let guest = 0; guest < guestsMax; guest += 1) {
      await join("code", code, from);
    }
  }
  const [row] =
    await harness.sql`select count(*)::int as count from join_limits where free_at > now() + interval '55 s'`;
  expect(row?.count).toBe(0);
});

test("a flood of joins from one address is held up, also with a good link", async () => {
  const from = fromElsewhere();
  const { link } = await house.open();
  const results = await Promise.allSettled(
    Array.from({ length: joinLimits.address.triesMax + 40 }, () => join("link", link, from)),
  );
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(guestsMax);
});

test("a table takes so many guests, also at the same time; a removed one makes room", async () => {
  const { staff } = house;
  const table = await house.open();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => join("link", table.link)));
  const joined = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  expect(joined).toHaveLength(guestsMax);
  expect(await refusalOf(join("link", table.link))).toMatchObject({
    code: "ResourceExhausted",
    reason: "TABLE_FULL",
  });
  await staff.removeGuest({ sessionId: table.sessionId, guestId: joined[0]?.guest?.guestId });
  await join("link", table.link);
});

test("after the close nothing lets in, and tokens are dead", async () => {
  const { staff } = house;
  const table = await house.open();
  const ada = await table.join("Ada");
  await ada.client.getSession({ sessionId: table.sessionId });
  await staff.closeSession({ sessionId: table.sessionId });
  for (const [by, value] of [
    ["code", table.code],
    ["link", table.link],
  ] as const) {
    expect(await refusalOf(join(by, value))).toMatchObject({
      code: "NotFound",
      reason: "INVITATION_NOT_FOUND",
    });
  }
  expect(await refusalOf(ada.client.getSession({ sessionId: table.sessionId }))).toMatchObject({
    code: "Unauthenticated",
    reason: "TOKEN_REFUSED",
  });
  expect(await refusalOf(staff.renderQr({ sessionId: table.sessionId }))).toMatchObject({
    reason: "SESSION_CLOSED",
  });
});

test("a link of another table, with its parts exchanged or changed, is none", async () => {
  const [one, other] = [await house.open(), await house.open()];
  const secretOf = (link: string) => link.split("#")[1] ?? "";
  const flip = (text: string) => (text.startsWith("A") ? "B" : "A") + text.slice(1);
  for (const link of [
    one.link.replace(secretOf(one.link), secretOf(other.link)),
    one.link.replace(secretOf(one.link), flip(secretOf(one.link))),
    one.link.slice(0, -1),
    one.link.split("#")[0] ?? "",
    `${one.link}A`,
    "http://example.com/",
    "#",
  ]) {
    expect(await refusalOf(join("link", link))).toMatchObject({
      code: "NotFound",
      reason: "INVITATION_NOT_FOUND",
    });
  }
});

test("a guest sees the own session and no other one, and no other service knows the token", async () => {
  const [one, other] = [await house.open(), await house.open()];
  const ada = await one.join("Ada");
  const elsewhere = [
    ada.client.getSession({ sessionId: other.sessionId }),
    ada.client.getSession({ code: other.code }),
    ada.client.renderQr({ sessionId: other.sessionId }),
    ada.client.placeOrder({
      sessionId: other.sessionId,
      lines: [{ sku: house.espresso, quantity: 1 }],
      idempotencyKey: "there",
    }),
  ];
  for (const refused of await Promise.all(elsewhere.map(refusalOf))) {
    expect(refused).toMatchObject({ code: "NotFound", reason: "SESSION_NOT_FOUND" });
  }
  const ofStaff = [
    ada.client.closeSession({ sessionId: one.sessionId }),
    ada.client.openSession({ locationId: house.locationId, name: "Mine" }),
    ada.client.listSessions({ locationId: house.locationId }),
    ada.client.listKitchenQueue({ locationId: house.locationId }),
    ada.client.removeGuest({ sessionId: one.sessionId, guestId: ada.guestId }),
  ];
  for (const refused of await Promise.all(ofStaff.map(refusalOf))) {
    expect(refused).toMatchObject({ code: "PermissionDenied" });
  }
  const response = await fetch(
    `http://${harness.addresses.product}/ordermesh.product.v1.ProductService/UpsertProduct`,
    {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${ada.token}` },
      body: "{}",
    },
  );
  expect(response.status).toBe(401);
});

test("a removed guest is out at once, the table itself stays", async () => {
  const { staff } = house;
  const table = await house.open();
  const ada = await table.join("Ada");
  const { sessionId } = table;
  await staff.removeGuest({ sessionId, guestId: ada.guestId });
  await staff.removeGuest({ sessionId, guestId: ada.guestId });
  expect((await refusalOf(ada.client.getSession({ sessionId }))).code).toBe("Unauthenticated");
  const { session } = await staff.getSession({ sessionId });
  expect(session?.guests.map(({ isRemoved }) => isRemoved)).toEqual([false, true]);
  expect(session?.version).toBe(3);
  const refusals = [session?.guests[0]?.guestId, 1n].map((guestId) =>
    refusalOf(staff.removeGuest({ sessionId, guestId })),
  );
  for (const refused of await Promise.all(refusals)) {
    expect(refused).toMatchObject({ code: "NotFound", reason: "GUEST_NOT_FOUND" });
  }
});

test("names are tidied, and nothing in them can turn a line around", async () => {
  const { link } = await house.open();
  const nicknames = ["  Zo\u0065\u0301  \n Maria ", "\u202Eevil\u202C", "\u0007"];
  const outcomes = await Promise.allSettled(
    nicknames.map((nickname) =>
      anybody.joinSession({ invitation: { case: "link", value: link }, nickname }, fromElsewhere()),
    ),
  );
  expect(
    outcomes.map((result) => (result.status === "fulfilled" ? result.value.guest?.nickname : "refused")),
  ).toEqual(["Zoé Maria", "evil", "refused"]);
});

test("what is stored lets nobody in, and nothing secret is in the outbox or in the changes", async () => {
  const table = await house.open();
  const ada = await table.join("Ada");
  const secret = table.link.split("#")[1] ?? "";
  const dump = await harness.sql`select
    (select string_agg(t::text, ' ') from sessions t) || (select string_agg(t::text, ' ') from guests t)
    || (select coalesce(string_agg(encode(payload, 'escape'), ' '), '') from outbox)
    || (select string_agg(encode(change, 'escape'), ' ') from session_changes) as text`;
  const text = String(dump[0]?.text);
  expect(text).toContain("Ada");
  expect(text).not.toContain(secret);
  expect(text).not.toContain(ada.token);
});

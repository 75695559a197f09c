import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { LocationSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import {
  type ListLocationsRequestSchema,
  LocationsService,
} from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { forgetLocations } from "./forget-locations.ts";
import { refusalOf } from "./refusal.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

type LocationInit = MessageInitShape<typeof LocationSchema>;
type Locations = Client<typeof LocationsService>;

const ownerId = 7n;
const waiterId = 8n;

let tables: TablesHarness;
let owner: Locations;
let waiter: Locations;
let stranger: Locations;
let platform: Locations;
let guestless: Locations;

beforeAll(async () => {
  tables = await startTablesHarness({ neighbors: [] });
  owner = await tables.client(LocationsService, await tables.sellerToken(ownerId));
  waiter = await tables.client(LocationsService, await tables.sellerToken(waiterId));
  stranger = await tables.client(LocationsService, await tables.sellerToken(9));
  platform = await tables.client(LocationsService, await tables.issuer.userToken(4, ["platform"]));
  guestless = await tables.client(LocationsService);
});

afterAll(async () => {
  await tables?.stop();
});

beforeEach(async () => {
  await forgetLocations(tables);
});

let count = 0;

function cafe(change: LocationInit = {}): LocationInit {
  count += 1;
  return { name: `Cafe ${count}`, address: `${count} Main Street`, ...change };
}

async function make(change: LocationInit = {}, by = owner): Promise<bigint> {
  const { location } = await by.createLocation({ location: cafe(change) });
  return location!.locationId;
}

describe("CreateLocation", () => {
  it("keeps all that was said, and tells it to everybody", async () => {
    const said = {
      name: " The  Blue Door ",
      description: "Small.\nLoud.",
      address: "1 Harbor Street",
      position: { latitude: -33.8568, longitude: 151.2153 },
      website: "https://blue.example.com",
      telephone: "+61 2 5550 0000",
      categories: ["Cafe", "cafe ", "bar"],
      tags: ["Vegan"],
      openingHours: [{ weekday: 5, opens: "18:00", closes: "02:00" }],
      currencyCode: "AUD",
    };
    const { location: made } = await owner.createLocation({ location: said });
    expect(made).toMatchObject({
      ...said,
      name: "The  Blue Door",
      categories: ["Cafe", "bar"],
      ownerUserId: ownerId,
    });
    expect(made?.createdTime).toBeDefined();
    const { location: read } = await guestless.getLocation({ locationId: made!.locationId });
    expect(read).toEqual(made);
  });

  it("is the caller's own, in euros, unless the platform says otherwise", async () => {
    expect((await owner.createLocation({ location: cafe() })).location).toMatchObject({
      ownerUserId: ownerId,
      currencyCode: "EUR",
    });
    const others = owner.createLocation({ location: cafe({ ownerUserId: 99n }) });
    expect((await refusalOf(others)).code).toBe("NotFound");
    const given = await platform.createLocation({ location: cafe({ ownerUserId: 99n }) });
    expect(given.location?.ownerUserId).toBe(99n);
    const own = await platform.createLocation({ location: cafe() });
    expect(own.location?.ownerUserId).toBe(4n);
    const token = await tables.issuer.serviceToken("ordermesh", "tables");
    const service = await tables.client(LocationsService, token);
    expect((await refusalOf(service.createLocation({ location: cafe() }))).fields).toEqual([
      "location.owner_user_id",
    ]);
  });

  it("refuses a name, an address or a position of another location, and names the field", async () => {
    const position = { latitude: 10, longitude: 180 };
    await make({ name: "Grüner Baum", address: "Am Markt 1", position });
    const cases: [LocationInit, string][] = [
      [{ name: "grüner  BAUM" }, "name"],
      [{ address: " am Markt 1" }, "address"],
      [{ position }, "position"],
      // The same meridian.
      [{ position: { latitude: 10, longitude: -180 } }, "position"],
    ];
    for (const [change, field] of cases) {
      expect(await refusalOf(make(change)), field).toMatchObject({
        code: "AlreadyExists",
        reason: `LOCATION_${field.toUpperCase()}_TAKEN`,
        fields: [`location.${field}`],
      });
    }
    await make({ position: { latitude: -90, longitude: 20 } });
    expect((await refusalOf(make({ position: { latitude: -90, longitude: 50 } }))).fields).toEqual([
      "location.position",
    ]);
    await Promise.all([make(), make()]);
  });

  it("lets one of many win who want the same name at the same time", async () => {
    const tries = Array.from({ length: 12 }, () => make({ name: "Only one" }));
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const call of tries) {
      await call.catch(async () => {
        expect(await refusalOf(call)).toMatchObject({ code: "AlreadyExists", fields: ["location.name"] });
      });
    }
  });

  const bad: [string, LocationInit][] = [
    ["no name", { name: "" }],
    ["a blank name", { name: "  " }],
    ["a line break in the name", { name: "a\nb" }],
    ["a NUL in the description", { description: "a\0b" }],
    ["no address", { address: "" }],
    ["a latitude beyond the pole", { position: { latitude: 90.1, longitude: 0 } }],
    ["a longitude that is none", { position: { latitude: 0, longitude: Number.NaN } }],
    ["a currency in lower case", { currencyCode: "eur" }],
    ["the eighth day", { openingHours: [{ weekday: 8, opens: "08:00", closes: "10:00" }] }],
    ["an hour that is none", { openingHours: [{ weekday: 1, opens: "25:00", closes: "10:00" }] }],
    ["an empty category", { categories: [""] }],
    ["a category of control characters", { categories: ["a\tb"] }],
  ];
  it.each(bad)("refuses %s", async (_, change) => {
    expect((await refusalOf(make(change))).code).toBe("InvalidArgument");
  });

  it("is not for buyers, and not for who does not say who it is", async () => {
    const buyer = await tables.client(LocationsService, await tables.issuer.userToken(1, ["buyer"]));
    expect((await refusalOf(make({}, buyer))).code).toBe("PermissionDenied");
    expect((await refusalOf(make({}, guestless))).code).toBe("Unauthenticated");
  });
});

describe("UpdateLocation", () => {
  it("replaces all but the owner and the currency", async () => {
    const locationId = await make({ tags: ["old"], position: { latitude: 1, longitude: 2 }, website: "x" });
    const { location } = await owner.updateLocation({
      location: { locationId, name: "New", address: "Elsewhere", tags: ["new"], ownerUserId: 99n },
    });
    expect(location).toMatchObject({ name: "New", tags: ["new"], website: "", ownerUserId: ownerId });
    expect(location?.position).toBeUndefined();
    const other = { location: { locationId, name: "New", address: "Elsewhere", currencyCode: "USD" } };
    expect((await refusalOf(owner.updateLocation(other))).fields).toEqual(["location.currency_code"]);
    await owner.updateLocation({ location: { ...other.location, currencyCode: "EUR" } });
  });

  it("refuses what another one has, but not what it has itself", async () => {
    const locationId = await make({ name: "Mine", address: "Here" });
    await make({ name: "Taken" });
    await owner.updateLocation({ location: { locationId, name: "MINE", address: "here" } });
    const taken = owner.updateLocation({ location: { locationId, name: "taken", address: "Here" } });
    expect(await refusalOf(taken)).toMatchObject({ code: "AlreadyExists", fields: ["location.name"] });
    expect((await owner.getLocation({ locationId })).location?.name).toBe("MINE");
  });

  it("is for its owner and the platform; to all others it is not there", async () => {
    const locationId = await make();
    await owner.setLocationStaff({ locationId, userIds: [waiterId] });
    for (const caller of [waiter, stranger]) {
      const call = caller.updateLocation({ location: cafe({ locationId }) });
      expect(await refusalOf(call)).toMatchObject({ code: "NotFound", reason: "LOCATION_NOT_FOUND" });
    }
    await platform.updateLocation({ location: cafe({ locationId }) });
    const absent = platform.updateLocation({ location: cafe({ locationId: 999_999n }) });
    expect((await refusalOf(absent)).code).toBe("NotFound");
  });
});

describe("ListLocations", () => {
  async function names(request: MessageInitShape<typeof ListLocationsRequestSchema>): Promise<string[]> {
    const found: string[] = [];
    let pageToken = "";
    do {
      const page = await guestless.listLocations({ ...request, pageToken });
      found.push(...page.locations.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  }

  beforeEach(async () => {
    await make({ name: "Harbor Grill", categories: ["Grill", "Bar"], tags: ["Terrace"] });
    await make({ name: "Green 100%", categories: ["cafe"], tags: ["terrace", "vegan"] });
    await make({ name: "Harbor Café", categories: ["CAFE"] }, stranger);
  });

  it("finds what fits all that is asked for, in any case, by ascending id", async () => {
    expect(await names({})).toEqual(["Harbor Grill", "Green 100%", "Harbor Café"]);
    expect(await names({ name: "HARBOR" })).toEqual(["Harbor Grill", "Harbor Café"]);
    expect(await names({ name: "r c" })).toEqual(["Harbor Café"]);
    expect(await names({ category: "cafe" })).toEqual(["Green 100%", "Harbor Café"]);
    expect(await names({ tag: "TERRACE" })).toEqual(["Harbor Grill", "Green 100%"]);
    expect(await names({ tag: "terrace", category: "bar" })).toEqual(["Harbor Grill"]);
    expect(await names({ ownerUserId: ownerId, category: "cafe" })).toEqual(["Green 100%"]);
    expect(await names({ name: "café" })).toEqual(["Harbor Café"]);
    expect(await names({ name: "cafe\u0301" })).toEqual(["Harbor Café"]);
  });

  it("takes what looks like a pattern or SQL as text", async () => {
    expect(await names({ name: "%" })).toEqual(["Green 100%"]);
    expect(await names({ name: "_" })).toEqual([]);
    expect(await names({ name: "' or 1=1 --", category: "'}", tag: '"' })).toEqual([]);
  });

  it("finds where somebody works", async () => {
    const { locations } = await guestless.listLocations({ name: "grill" });
    await owner.setLocationStaff({ locationId: locations[0]!.locationId, userIds: [9n] });
    expect(await names({ staffUserId: 9n })).toEqual(["Harbor Grill", "Harbor Café"]);
    expect(await names({ staffUserId: ownerId })).toEqual(["Harbor Grill", "Green 100%"]);
    expect(await names({ staffUserId: 1234n })).toEqual([]);
  });

  it("gives every location once, whatever the page size, and takes tokens of the same request only", async () => {
    for (let n = 0; n < 9; n += 1) {
      await make({ tags: ["many"] });
    }
    for (const pageSize of [1, 2, 4, 9, 10]) {
      expect(await names({ tag: "many", pageSize })).toHaveLength(9);
    }
    const { nextPageToken: pageToken } = await guestless.listLocations({ tag: "many", pageSize: 1 });
    for (const request of [
      { tag: "terrace", pageToken },
      { tag: "many", pageToken: "x" },
      { tag: "many", pageToken, ownerUserId: 1n },
    ]) {
      const refused = await refusalOf(guestless.listLocations(request));
      expect(refused).toMatchObject({ code: "InvalidArgument", reason: "MALFORMED_PAGE_TOKEN" });
    }
    expect((await refusalOf(guestless.listLocations({ pageSize: 501 }))).code).toBe("InvalidArgument");
  });
});

describe("staff", () => {
  it("are replaced by the owner, and read by each other", async () => {
    const locationId = await make();
    await owner.setLocationStaff({ locationId, userIds: [waiterId, 30n, 20n] });
    const expected = { ownerUserId: ownerId, userIds: [waiterId, 20n, 30n] };
    for (const caller of [owner, waiter, platform]) {
      expect(await caller.getLocationStaff({ locationId })).toMatchObject(expected);
    }
    await owner.setLocationStaff({ locationId, userIds: [20n, 40n] });
    expect((await owner.getLocationStaff({ locationId })).userIds).toEqual([20n, 40n]);
    expect((await refusalOf(waiter.getLocationStaff({ locationId }))).code).toBe("NotFound");
    await owner.setLocationStaff({ locationId, userIds: [] });
    expect((await owner.getLocationStaff({ locationId })).userIds).toEqual([]);
  });

  it("can not name others, and others can not name them", async () => {
    const locationId = await make();
    await owner.setLocationStaff({ locationId, userIds: [waiterId] });
    for (const caller of [waiter, stranger]) {
      const call = caller.setLocationStaff({ locationId, userIds: [9n] });
      expect(await refusalOf(call)).toMatchObject({ code: "NotFound", reason: "LOCATION_NOT_FOUND" });
    }
    await platform.setLocationStaff({ locationId, userIds: [50n] });
    expect((await owner.getLocationStaff({ locationId })).userIds).toEqual([50n]);
    expect((await refusalOf(stranger.getLocationStaff({ locationId }))).code).toBe("NotFound");
    expect((await refusalOf(owner.setLocationStaff({ locationId: 99_999n, userIds: [] }))).code).toBe(
      "NotFound",
    );
  });

  it("are one of the lists when two come at the same time, never a mixture", async () => {
    const locationId = await make();
    const lists = [
      [1n, 2n, 3n],
      [3n, 4n, 5n],
    ];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(lists.map((userIds) => owner.setLocationStaff({ locationId, userIds })));
      expect(lists).toContainEqual((await owner.getLocationStaff({ locationId })).userIds);
    }
  });
});

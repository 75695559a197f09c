import type { Client } from "@connectrpc/connect";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { seededRandom } from "@ordermesh/testkit/seeded-random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boxesAround } from "../src/domain/geography.ts";
import { nearbyStatement } from "../src/sql/location-search.ts";
import { forgetLocations } from "./forget-locations.ts";
import { refusalOf } from "./refusal.ts";
import { startTablesHarness, type TablesHarness } from "./tables-harness.ts";

interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

let tables: TablesHarness;
let locations: Client<typeof LocationsService>;

beforeAll(async () => {
  tables = await startTablesHarness({ neighbors: [] });
  locations = await tables.client(LocationsService);
});

afterAll(async () => {
  await tables?.stop();
});

/** Replaces all locations. Those at the position of one before are left out. @returns those that are there, by id. */
async function fill(places: readonly Place[]): Promise<Map<bigint, Place>> {
  await forgetLocations(tables);
  await tables.sql`
    insert into locations (owner_user_id, name, name_key, address, address_key, description, latitude, longitude,
      website, telephone, categories, tags, category_keys, tag_keys, opening_hours, currency_code)
    select 1, 'n' || n, 'n' || n, 'a' || n, 'a' || n, '', latitude, longitude, '', '', '{}', '{}', '{}', '{}', '[]', 'EUR'
    from json_to_recordset(${JSON.stringify(places.map((place, n) => ({ ...place, n })))}::text::json)
      as p (latitude float8, longitude float8, n int)
    on conflict do nothing`;
  await tables.sql`vacuum analyze locations`;
  const rows = await tables.sql<{ id: bigint; latitude: number; longitude: number }[]>`
    select id, latitude, longitude from locations`;
  return new Map(rows.map(({ id, latitude, longitude }) => [id, { latitude, longitude }]));
}

/** Another way to the same number: the angle between two directions from the center of the Earth. */
function distance(a: Place, b: Place): number {
  const [ax, ay, az] = direction(a);
  const [bx, by, bz] = direction(b);
  const cross = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx);
  return 6_378_137 * Math.atan2(cross, ax * bx + ay * by + az * bz);
}

function direction({ latitude, longitude }: Place): [number, number, number] {
  const phi = (latitude * Math.PI) / 180;
  const lambda = (longitude * Math.PI) / 180;
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

/** Where a wrong formula shows: poles, the meridian of 180°, the equator, and neighbors of each other. */
function awkwardPlace(random: ReturnType<typeof seededRandom>): Place {
  const somewhere = () => random.integer(-1_000_000, 1_000_000) / 1_000_000;
  const latitude = random.pick([
    90 * somewhere(),
    random.pick([-90, -89.9999, 0, 89.9999, 90]),
    89 + somewhere() / 2,
    48.1 + somewhere() / 1_000,
  ]);
  const longitude = random.pick([
    180 * somewhere(),
    random.pick([-180, -179.9999, -90, 0, 90, 179.9999, 180]),
    random.pick([-180, 180]) * (1 - Math.abs(somewhere()) / 1_000),
    11.5 + somewhere() / 1_000,
  ]);
  return { latitude, longitude };
}

describe("FindNearbyLocations", () => {
  it("agrees with measuring everything, around poles and across the meridian of 180° too", async () => {
    const random = seededRandom("nearby agrees with measuring everything");
    const places = await fill(Array.from({ length: 1_500 }, () => awkwardPlace(random)));
    expect(places.size).toBeGreaterThan(1_000);
    let found = 0;
    let everywhere = 0;
    for (let round = 0; round < 150; round += 1) {
      const position = random.pick([awkwardPlace(random), random.pick([...places.values()])]);
      const radiusMeters = random.pick([
        10 ** (random.integer(0, 7_300) / 1_000),
        distance(position, random.pick([...places.values()])) + 0.001,
      ]);
      const expected = [...places.entries()]
        .map(([id, place]) => ({ id, meters: distance(position, place) }))
        .filter(({ meters }) => meters <= radiusMeters)
        .sort((a, b) => a.meters - b.meters);
      const answer = await locations.findNearbyLocations({ position, radiusMeters, count: 500 });
      const meters = answer.locations.map(({ distanceMeters }) => distanceMeters);
      const about = JSON.stringify({ position, radiusMeters });
      expect(meters, about).toEqual([...meters].sort((a, b) => a - b));
      expect(meters.length, about).toBe(Math.min(500, expected.length));
      const errors = answer.locations.flatMap(({ location, distanceMeters }, index) => [
        Math.abs(distanceMeters - expected[index]!.meters),
        Math.abs(distanceMeters - distance(position, places.get(location!.locationId)!)),
      ]);
      expect(Math.max(0, ...errors), about).toBeLessThan(1e-4);
      found += meters.length;
      everywhere += expected.length > 500 ? 1 : 0;
    }
    process.stdout.write(`nearby: ${places.size} places, 150 questions, ${found} found, ${everywhere} cut\n`);
    expect(found).toBeGreaterThan(1_000);
    expect(everywhere).toBeGreaterThan(0);
  });

  it("looks into the index, and not at all locations", async () => {
    const random = seededRandom("nearby index");
    const places = Array.from({ length: 20_000 }, () => ({
      latitude: random.integer(-90_000, 90_000) / 1_000,
      longitude: random.integer(-180_000, 180_000) / 1_000,
    }));
    await fill(places);
    for (const from of [
      { latitude: 48.1, longitude: 11.5 },
      { latitude: 0, longitude: 179.99 },
      { latitude: 89.5, longitude: 0 },
    ]) {
      const boxes = boxesAround(from, 10_000);
      const list = (side: "west" | "south" | "east" | "north") => `{${boxes.map((box) => box[side])}}`;
      const plan = await tables.sql.unsafe(`explain (analyze, format json) ${nearbyStatement}`, [
        from.latitude,
        from.longitude,
        10_000,
        50,
        list("west"),
        list("south"),
        list("east"),
        list("north"),
      ]);
      const text = JSON.stringify(plan[0]);
      expect(text).toContain("locations_by_place");
      expect(text).not.toContain("Seq Scan");
    }
  });

  it("has 10 km and 50 locations as defaults, and bounds", async () => {
    // 0.001° of latitude are 111.3 m here.
    await fill(Array.from({ length: 120 }, (_, n) => ({ latitude: 10 + n / 1_000, longitude: 20 })));
    const position = { latitude: 10, longitude: 20 };
    expect((await locations.findNearbyLocations({ position })).locations).toHaveLength(50);
    const all = await locations.findNearbyLocations({ position, count: 500 });
    expect(all.locations).toHaveLength(90);
    expect(all.locations[0]).toMatchObject({ distanceMeters: 0 });
    expect(all.locations.at(-1)?.distanceMeters).toBeCloseTo(9_907.43, 1);
    for (const request of [
      {},
      { position: { latitude: 91, longitude: 0 } },
      { position, radiusMeters: -1 },
      { position, radiusMeters: 20_100_001 },
      { position, radiusMeters: Number.POSITIVE_INFINITY },
      { position, count: 501 },
    ]) {
      expect((await refusalOf(locations.findNearbyLocations(request))).code).toBe("InvalidArgument");
    }
  });

  it("leaves out what has no position", async () => {
    await forgetLocations(tables);
    const owner = await tables.client(LocationsService, await tables.sellerToken(7));
    await owner.createLocation({ location: { name: "Nowhere", address: "Nowhere" } });
    const request = { position: { latitude: 0, longitude: 0 }, radiusMeters: 20_100_000 };
    expect((await locations.findNearbyLocations(request)).locations).toEqual([]);
  });
});

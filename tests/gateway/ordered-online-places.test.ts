import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  newLocation,
  newProduct,
  type OrderedOnline,
  type OrderedOnlineUser,
} from "./ordered-online-client.ts";
import { type OrderedOnlinePlace, startOrderedOnline } from "./ordered-online-place.ts";

/** Locations, products and codes of ordered-online. */

let place: OrderedOnlinePlace;
let client: OrderedOnline;
let owner: OrderedOnlineUser;
let stranger: OrderedOnlineUser;
let location: { readonly id: number };
let product: { readonly id: number };

beforeAll(async () => {
  place = await startOrderedOnline();
  ({ client, owner, stranger, location, product } = place);
});

afterAll(() => place?.mesh.stop());

describe("locations", () => {
  test("are created, got, found and edited in its shape", async () => {
    const input = newLocation({ website: "https://cafe.example.com", latitude: "-12.50000000" });
    const { status, json } = await client.post("/locations/create/", { ...owner, location: input });
    expect(status).toBe(200);
    expect(json).toEqual({ id: expect.any(Number), ...input, user_id: owner.user_id });
    expect((await client.get(`/locations/get/${json.id}/`)).json).toEqual(json);

    const found = async (query: string) =>
      (await client.get(`/locations/find/?${query}`)).json.map(({ id }: { id: number }) => id);
    const name = encodeURIComponent(input.name.toUpperCase());
    expect(await found(`name=${name}`)).toContain(json.id);
    expect(await found(`user_id=${owner.user_id}&category=CAFE&tag=calm`)).toEqual(
      expect.arrayContaining([location.id, json.id]),
    );
    expect(await found(`user_id=${stranger.user_id}`)).toEqual([]);
    expect(await found(`name=${name}&tag=nobody-has-this`), "unknown tags are ignored").toEqual([json.id]);

    const edited = { ...input, name: `${input.name} (Edited)`, tags: [], latitude: null, longitude: null };
    const after = await client.post(`/locations/edit/${json.id}/`, { ...owner, location: edited });
    expect(after.json).toEqual({ ...json, name: edited.name, latitude: null, longitude: null });
  });

  test("are found nearby, with their distance", async () => {
    const [here, far] = [
      newLocation({ latitude: "-40.0", longitude: 100 }),
      newLocation({ latitude: -40.05, longitude: "100" }),
    ];
    for (const place of [here, far]) {
      await client.post("/locations/create/", { ...owner, location: place });
    }
    const near = (query: string) => client.get(`/locations/nearby/?${query}`);
    const { json } = await near("latitude=-40&longitude=100");
    expect(json.map((entry: { location: { name: string } }) => entry.location.name)).toEqual([
      here.name,
      far.name,
    ]);
    expect(json[0].location.latitude).toBe("-40.00000000");
    expect(json[1].distance).toBeCloseTo((0.05 * Math.PI * 6_378_137) / 180, 3);
    expect((await near("latitude=-40&longitude=100&radius=100")).json).toHaveLength(1);
    for (const bad of [
      "latitude=-40",
      "latitude=x&longitude=1",
      "latitude=1&longitude=2&radius=far",
      "latitude=91&longitude=0",
    ]) {
      expect([bad, await client.refusal("GET", `/locations/nearby/?${bad}`)]).toEqual([
        bad,
        "400 erroneous_value",
      ]);
    }
  });

  test("refuse in its order", async () => {
    const create = (body: unknown) => client.refusal("POST", "/locations/create/", body);
    expect(await create("{nonsense")).toBe("400 malformed_json");
    expect(await create({ location: {} })).toBe("403 incorrect_credentials");
    expect(await create({ ...owner, session_key: "x", location: newLocation() })).toBe(
      "403 incorrect_credentials",
    );
    expect(await create({ ...owner, user_id: stranger.user_id, location: newLocation() })).toBe(
      "403 incorrect_credentials",
    );
    expect(await create(owner)).toBe("400 malformed_json");
    expect(await create({ ...owner, location: { ...newLocation(), id: location.id } })).toBe(
      "400 malformed_json",
    );
    for (const change of [
      { name: "" },
      { address: 5 },
      { latitude: "1", longitude: null },
      { tags: ["", {}] },
      { oven: 1 },
    ]) {
      expect([change, await create({ ...owner, location: newLocation(change) })]).toEqual([
        change,
        "400 malformed_json",
      ]);
    }
    const known = (await client.get(`/locations/get/${location.id}/`)).json;
    for (const change of [{ name: known.name }, { address: known.address }, { latitude: known.latitude }]) {
      expect(await create({ ...owner, location: newLocation(change) })).toBe("400 duplicate_location");
    }
    const edit = (id: number | string, body: unknown) =>
      client.refusal("POST", `/locations/edit/${id}/`, body);
    expect(await edit(999_999, "{nonsense")).toBe("404 location_not_found");
    expect(await edit("x", {})).toBe("404 location_not_found");
    expect(await edit(location.id, "{nonsense")).toBe("400 malformed_json");
    expect(await edit(location.id, { location: newLocation() })).toBe("403 incorrect_credentials");
    expect(await edit(location.id, { ...stranger, location: newLocation() })).toBe(
      "403 incorrect_credentials",
    );
    expect(await edit(location.id, owner)).toBe("400 malformed_json");
    expect(await edit(location.id, { ...owner, location: newLocation({ id: 1 }) })).toBe(
      "400 malformed_json",
    );
    expect(await client.refusal("GET", "/locations/get/999999/")).toBe("404 location_not_found");
    expect(await client.refusal("GET", "/locations/get/0/")).toBe("404 location_not_found");
    expect(await client.refusal("GET", "/locations/find/?user_id=x")).toBe("400 erroneous_value");
  });
});

describe("products", () => {
  test("are created, got, found and edited in its shape, with prices as texts", async () => {
    const input = newProduct(location.id, { name: "Cake", price: 3.5 });
    const { json } = await client.post("/products/create/", { ...owner, product: input });
    expect(json).toEqual({ id: expect.any(Number), ...input, price: "3.50" });
    expect((await client.get(`/products/get/${json.id}/`)).json).toEqual(json);
    const names = async (query: string) =>
      (await client.get(`/products/find/?${query}`)).json.map(({ name }: { name: string }) => name).sort();
    expect(await names(`location_id=${location.id}`)).toEqual(["Cake", "Coffee"]);
    expect(await names("name=AK&category=drink&tag=Stimulating&additive=caffeine")).toEqual(["Cake"]);
    expect(await names(`location_id=${location.id}&additive=nobody-has-this`)).toEqual(["Cake", "Coffee"]);
    const change = { ...input, price: "4", additives: [{ name: "sugar" }], tags: [] };
    const edited = await client.post(`/products/edit/${json.id}/`, { ...owner, product: change });
    expect(edited.json).toEqual({ ...json, price: "4.00", additives: [{ name: "sugar" }] });
    expect((await client.get(`/products/get/${json.id}/`)).json).toEqual(edited.json);
  });

  test("refuse in its order", async () => {
    const create = (body: unknown) => client.refusal("POST", "/products/create/", body);
    expect(await create("{nonsense")).toBe("400 malformed_json");
    expect(await create({ product: newProduct(location.id) })).toBe("403 incorrect_credentials");
    expect(await create(owner)).toBe("400 malformed_json");
    expect(await create({ ...owner, product: { name: "x" } })).toBe("400 malformed_json");
    expect(await create({ ...owner, product: newProduct(999_999) })).toBe("403 incorrect_credentials");
    expect(await create({ ...stranger, product: newProduct(location.id) })).toBe("403 incorrect_credentials");
    expect(await create({ ...owner, product: newProduct(location.id, { id: 1 }) })).toBe(
      "400 malformed_json",
    );
    for (const price of ["1.805", "-1", "cheap", null, 123456789]) {
      const body = { ...owner, product: newProduct(location.id, { name: "Bread", price }) };
      expect([price, await create(body)]).toEqual([price, "400 malformed_json"]);
    }
    expect(await create({ ...owner, product: newProduct(location.id) })).toBe("400 duplicate_product");
    const edit = (id: number, body: unknown) => client.refusal("POST", `/products/edit/${id}/`, body);
    expect(await edit(4_000_000_000, "{nonsense")).toBe("404 product_not_found");
    expect(await edit(product.id, "{nonsense")).toBe("400 malformed_json");
    expect(await edit(product.id, {})).toBe("403 incorrect_credentials");
    expect(await edit(product.id, { ...stranger, product: newProduct(location.id) })).toBe(
      "403 incorrect_credentials",
    );
    expect(await edit(product.id, owner)).toBe("400 malformed_json");
    expect(await edit(product.id, { ...owner, product: newProduct(location.id + 1) })).toBe(
      "400 malformed_json",
    );
    expect(await client.refusal("GET", "/products/get/99999999999/")).toBe("404 product_not_found");
    expect(await client.refusal("GET", "/products/get/x/")).toBe("404 product_not_found");
  });
});

test("codes are six hexadecimal digits, and are drawn", async () => {
  const { json } = await client.get("/codes/new/");
  expect(json).toEqual({ value: expect.stringMatching(/^[0-9a-f]{6}$/) });
  const drawn = await client.post("/codes/render/qr/", { value: json.value });
  expect(Buffer.from(drawn.json.base64, "base64").toString()).toMatch(/^<svg .*<\/svg>\s*$/s);
  expect(await client.refusal("POST", "/codes/render/qr/", "{nonsense")).toBe("400 malformed_json");
  for (const value of ["", null, {}, "x".repeat(1_001)]) {
    expect(await client.refusal("POST", "/codes/render/qr/", { value })).toBe("400 erroneous_value");
  }
});

import { Code, ConnectError } from "@connectrpc/connect";
import type { MeshAddresses, MeshClients } from "./clients.ts";
import { signIn } from "./credentials.ts";
import { type DemoLocation, demoLocations } from "./demo-locations.ts";

export interface LocationSeedResult {
  readonly locationsAdded: number;
  readonly menuItemsAdded: number;
}

const currencyCode = "EUR";

/** What a mesh lacks of a location: all of it, or some of its menu. */
interface Lacking {
  readonly location: DemoLocation;
  /** 0 if it is not there. */
  readonly locationId: bigint;
  readonly menu: DemoLocation["menu"];
}

/**
 * Puts the demo locations with their menus into a running mesh, as the demo user `seller`, and makes `waiter` staff of
 * the first one. What is there already is left alone, and then nobody has to sign in.
 *
 * @param clients of anybody: what is there is public.
 * @throws Failure `unauthenticated` with reason NO_DEMO_USER where there are no demo users.
 */
export async function seedLocations(
  clients: Pick<MeshClients, "locations">,
  addresses: MeshAddresses,
  onProgress: (text: string) => void,
): Promise<LocationSeedResult> {
  const lacking: Lacking[] = [];
  for (const location of demoLocations) {
    const found = await lookFor(clients, location);
    if (found.menu.length > 0) {
      lacking.push(found);
    }
  }
  if (lacking.length === 0) {
    return { locationsAdded: 0, menuItemsAdded: 0 };
  }
  onProgress(`adding ${lacking.length} locations with their menus`);
  const [seller, waiter] = await Promise.all([signIn(addresses, "seller"), signIn(addresses, "waiter")]);
  try {
    let locationsAdded = 0;
    let menuItemsAdded = 0;
    for (const { location, locationId, menu } of lacking) {
      const id = locationId || (await addLocation(seller.clients, seller.userId, location));
      if (id === undefined) {
        continue;
      }
      if (locationId === 0n) {
        locationsAdded += 1;
        const userIds = location === demoLocations[0] ? [waiter.userId] : [];
        await seller.clients.locations.setLocationStaff({ locationId: id, userIds });
      }
      menuItemsAdded += await addMenuItems(seller.clients, id, menu);
    }
    return { locationsAdded, menuItemsAdded };
  } finally {
    seller.clients.close();
    waiter.clients.close();
  }
}

async function lookFor(
  { locations }: Pick<MeshClients, "locations">,
  location: DemoLocation,
): Promise<Lacking> {
  const { locations: named } = await locations.listLocations({ name: location.name });
  const there = named.find(({ name }) => name === location.name);
  if (there === undefined) {
    return { location, locationId: 0n, menu: location.menu };
  }
  const { locationId } = there;
  const { items } = await locations.listMenu({ locationId });
  const names = new Set(items.map(({ name }) => name));
  return { location, locationId, menu: location.menu.filter(({ name }) => !names.has(name)) };
}

/** @returns undefined if somebody has given the location another name: it is there, and theirs to look after. */
async function addLocation(
  { locations }: Pick<MeshClients, "locations">,
  ownerUserId: bigint,
  { menu: _, categories, tags, openingHours, ...same }: DemoLocation,
): Promise<bigint | undefined> {
  const location = {
    ...same,
    ownerUserId,
    currencyCode,
    categories: [...categories],
    tags: [...tags],
    openingHours: [...openingHours],
  };
  const { location: added } = await locations.createLocation({ location }).catch(unlessThere);
  return added?.locationId;
}

/** @returns how many were added. */
async function addMenuItems(
  { locations }: Pick<MeshClients, "locations">,
  locationId: bigint,
  menu: DemoLocation["menu"],
): Promise<number> {
  let added = 0;
  for (const { priceMinor, categories, tags, additives, ...same } of menu) {
    const item = {
      ...same,
      price: { currencyCode, amountMinor: BigInt(priceMinor) },
      categories: [...categories],
      tags: [...tags],
      additives: [...additives],
    };
    const response = await locations.upsertMenuItem({ locationId, item }).catch(unlessThere);
    added += response.item === undefined ? 0 : 1;
  }
  return added;
}

/** Another seed may be at it. */
function unlessThere(error: unknown): { readonly location?: undefined; readonly item?: undefined } {
  if (ConnectError.from(error).code === Code.AlreadyExists) {
    return {};
  }
  throw error;
}

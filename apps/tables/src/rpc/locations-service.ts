import type { Database } from "@ordermesh/postgres/database";
import {
  type ListLocationsRequest,
  LocationsService,
} from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { type BoundService, bindService } from "@ordermesh/rpc/bound-service";
import { callOf } from "@ordermesh/rpc/call";
import { decodePageToken, encodePageToken, malformed } from "@ordermesh/rpc/page-token";
import {
  createLocation,
  getLocation,
  getLocationStaff,
  setLocationStaff,
  updateLocation,
} from "../locations.ts";
import { listMenu, removeMenuItem, upsertMenuItem } from "../menu.ts";
import { findNearby } from "../nearby.ts";
import { listLocations } from "../sql/location-search.ts";
import type { Catalogue } from "../upstream/catalogue.ts";
import { draftOf, locationMessage, menuItemMessage, menuItemOf } from "./location-messages.ts";

export interface LocationsHandlers {
  readonly database: Database;
  readonly catalogue: Catalogue;
}

const pageSizeDefault = 50;

export function bindLocationsService(parts: LocationsHandlers): BoundService {
  const { database } = parts;
  return bindService(LocationsService, {
    async createLocation({ location }, context) {
      const message = present(location);
      const owner = { userId: message.ownerUserId, currencyCode: message.currencyCode };
      const created = await createLocation(database, callOf(context), owner, draftOf(message));
      return { location: locationMessage(created) };
    },

    async updateLocation({ location }, context) {
      const message = present(location);
      const which = { locationId: message.locationId, currencyCode: message.currencyCode };
      const updated = await updateLocation(database, callOf(context), which, draftOf(message));
      return { location: locationMessage(updated) };
    },

    async getLocation({ locationId }) {
      return { location: locationMessage(await database.read((db) => getLocation(db, locationId))) };
    },

    async listLocations(request) {
      return await listPage(database, request);
    },

    async findNearbyLocations({ position, radiusMeters, count }) {
      const from = present(position);
      const found = await database.read((db) => findNearby(db, from, radiusMeters, count));
      return {
        locations: found.map(({ location, distanceMeters }) => ({
          location: locationMessage(location),
          distanceMeters,
        })),
      };
    },

    async setLocationStaff({ locationId, userIds }, context) {
      await setLocationStaff(database, callOf(context), locationId, userIds);
      return {};
    },

    async getLocationStaff({ locationId }, context) {
      return await database.read((db) => getLocationStaff(db, callOf(context), locationId));
    },

    async upsertMenuItem({ locationId, item }, context) {
      const upserted = await upsertMenuItem(parts, callOf(context), locationId, menuItemOf(present(item)));
      return { item: menuItemMessage(upserted) };
    },

    async removeMenuItem({ locationId, sku }, context) {
      await removeMenuItem(parts, callOf(context), locationId, sku);
      return {};
    },

    async listMenu({ locationId, ...filter }, context) {
      const items = await listMenu(parts, callOf(context), locationId, filter);
      return { items: items.map(menuItemMessage) };
    },
  });
}

async function listPage(database: Database, request: ListLocationsRequest) {
  const { name, category, tag, pageToken } = request;
  const filter = {
    ownerUserId: request.ownerUserId || undefined,
    staffUserId: request.staffUserId || undefined,
    name,
    category,
    tag,
  };
  const query = [request.ownerUserId, request.staffUserId, name, category, tag];
  const afterId = idOf(decodePageToken(pageToken, query, 1));
  const pageSize = request.pageSize || pageSizeDefault;
  // One more than the page, to know whether another follows.
  const found = await database.read((db) => listLocations(db, filter, afterId, pageSize + 1));
  const page = found.slice(0, pageSize);
  const last = found.length > pageSize ? page.at(-1) : undefined;
  return {
    locations: page.map(locationMessage),
    nextPageToken: last === undefined ? "" : encodePageToken([`${last.id}`], query),
  };
}

function idOf(position: readonly string[] | undefined): bigint {
  const [text = "0"] = position ?? [];
  if (!/^\d{1,18}$/.test(text)) {
    throw malformed("is malformed");
  }
  return BigInt(text);
}

/** Validation has seen to it that it is there. */
function present<Message>(message: Message | undefined): Message {
  if (message === undefined) {
    throw new Error("The request came without what validation should have asked for.");
  }
  return message;
}

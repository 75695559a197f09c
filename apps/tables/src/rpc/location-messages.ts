import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type Location as LocationMessage,
  LocationSchema,
  type MenuItem as MenuItemMessage,
  MenuItemSchema,
} from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { distinctWords, type Location, type LocationDraft } from "../domain/location.ts";
import type { MenuItem } from "../domain/menu.ts";

export function locationMessage(location: Location): LocationMessage {
  const { id, createdAt, categories, tags, openingHours, ...same } = location;
  return create(LocationSchema, {
    ...same,
    locationId: id,
    categories: [...categories],
    tags: [...tags],
    openingHours: [...openingHours],
    createdTime: timestampFromDate(createdAt),
  });
}

export function draftOf(message: LocationMessage): LocationDraft {
  const { description, position, website, telephone } = message;
  return {
    name: message.name.trim(),
    description,
    address: message.address.trim(),
    position: position && { latitude: position.latitude, longitude: position.longitude },
    website,
    telephone,
    categories: distinctWords(message.categories),
    tags: distinctWords(message.tags),
    openingHours: message.openingHours.map(({ weekday, opens, closes }) => ({ weekday, opens, closes })),
  };
}

export function menuItemMessage(item: MenuItem): MenuItemMessage {
  const { categories, tags, additives, ...same } = item;
  return create(MenuItemSchema, {
    ...same,
    categories: [...categories],
    tags: [...tags],
    additives: [...additives],
  });
}

/** Validation has seen to it that there is a price. */
export function menuItemOf(message: MenuItemMessage): MenuItem {
  const { sku, description, price, isSoldOut } = message;
  if (price === undefined) {
    throw new Error(`Menu item ${sku} came without a price, which validation should have refused.`);
  }
  return {
    sku,
    name: message.name.trim(),
    description,
    price: { currencyCode: price.currencyCode, amountMinor: price.amountMinor },
    categories: distinctWords(message.categories),
    tags: distinctWords(message.tags),
    additives: distinctWords(message.additives),
    isSoldOut,
  };
}

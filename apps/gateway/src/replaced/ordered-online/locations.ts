import { create } from "@bufbuild/protobuf";
import { PositionSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import type { CompatCalls, CompatRoute } from "./compat-route.ts";
import { objectInBody } from "./json-input.ts";
import { locationOf, locationShape } from "./location-shape.ts";
import { findLocation, type OrderedOnlineParts } from "./parts.ts";
import { idInPath, idInQuery, numberInQuery } from "./query-input.ts";
import {
  asPart,
  erroneousValue,
  incorrectCredentials,
  locationNotFound,
  malformedJson,
  Refusal,
} from "./reasons.ts";
import { verifyUser } from "./users.ts";

const locationsMax = 100;
const radiusMeters = 10_000;

const refusals = {
  invalid_argument: malformedJson,
  already_exists: (cause: unknown) => new Refusal(400, "duplicate_location", cause),
  not_found: incorrectCredentials,
  permission_denied: incorrectCredentials,
  unauthenticated: incorrectCredentials,
};

/** The routes of ordered-online's locations service. */
export function locationRoutes(route: CompatRoute, parts: OrderedOnlineParts): Route<GatewayRoute>[] {
  return [...readingRoutes(route, parts), ...writingRoutes(route, parts)];
}

function readingRoutes(route: CompatRoute, parts: OrderedOnlineParts): Route<GatewayRoute>[] {
  const { locations } = parts;

  /** A category or tag that no location has was ignored there. */
  async function knownOnly(calls: CompatCalls, filter: { category?: string; tag?: string }) {
    const { locations: found } = await calls.call("tables", undefined, (call) =>
      locations.listLocations({ ...filter, pageSize: 1 }, call),
    );
    return found.length > 0 ? filter : {};
  }

  return [
    ...route("GET", "/locations/find/", async ({ query }, calls) => {
      const ownerUserId = idInQuery(query, "user_id");
      const [name, category, tag] = ["name", "category", "tag"].map((field) => query.get(field) ?? "");
      return await asPart("locations", { invalid_argument: erroneousValue }, async () => {
        const filter = {
          ...(ownerUserId !== undefined && { ownerUserId }),
          name: name ?? "",
          ...(category && (await knownOnly(calls, { category }))),
          ...(tag && (await knownOnly(calls, { tag }))),
          pageSize: locationsMax,
        };
        const found = await calls.call("tables", undefined, (call) => locations.listLocations(filter, call));
        return found.locations.map(locationShape);
      });
    }),

    ...route("GET", "/locations/nearby/", async ({ query }, calls) => {
      const request = {
        position: create(PositionSchema, {
          latitude: numberInQuery(query, "latitude"),
          longitude: numberInQuery(query, "longitude"),
        }),
        radiusMeters: numberInQuery(query, "radius", radiusMeters),
        count: locationsMax,
      };
      return await asPart("locations", { invalid_argument: erroneousValue }, async () => {
        const found = await calls.call("tables", undefined, (call) =>
          locations.findNearbyLocations(request, call),
        );
        return found.locations.flatMap(({ location, distanceMeters }) =>
          location === undefined ? [] : [{ distance: distanceMeters, location: locationShape(location) }],
        );
      });
    }),

    ...route("GET", "/locations/get/{id}/", async ({ variables }, calls) => {
      const location = await findLocation(parts, calls, idInPath(variables.id, locationNotFound));
      if (location === undefined) {
        throw locationNotFound();
      }
      return locationShape(location);
    }),
  ];
}

function writingRoutes(route: CompatRoute, parts: OrderedOnlineParts): Route<GatewayRoute>[] {
  const { keys } = parts;
  return [
    ...route("POST", "/locations/create/", async ({ body }, calls) => {
      const input = objectInBody(body);
      const user = await verifyUser(keys, calls, input);
      const location = locationOf(input.location, user.userId);
      return await asPart("locations", refusals, async () => {
        const staff = parts.staffOf(user);
        const made = await calls.call("tables", staff.authorization, (call) =>
          staff.locations.createLocation({ location }, call),
        );
        return locationShape(made.location ?? location);
      });
    }),

    ...route("POST", "/locations/edit/{id}/", async ({ variables, body }, calls) => {
      const before = await findLocation(parts, calls, idInPath(variables.id, locationNotFound));
      if (before === undefined) {
        throw locationNotFound();
      }
      const input = objectInBody(body);
      const user = await verifyUser(keys, calls, input);
      if (before.ownerUserId !== user.userId) {
        throw incorrectCredentials();
      }
      const location = locationOf(input.location, user.userId, before);
      return await asPart("locations", refusals, async () => {
        const staff = parts.staffOf(user);
        const made = await calls.call("tables", staff.authorization, (call) =>
          staff.locations.updateLocation({ location }, call),
        );
        return locationShape(made.location ?? location);
      });
    }),
  ];
}

import { useQuery } from "@connectrpc/connect-query";
import type { Location } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useQueryFields } from "../app/navigate.ts";
import { queryText } from "../query-text.ts";
import { useHasRole, useIdentity } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Empty } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import "../tables/parts.css";
import "./places.css";

const pageSize = 50;

/** Where one works: as the owner, or named by the owner. The platform sees all. */
export default function PlacesPage() {
  const identity = useIdentity();
  const seesAll = useHasRole("platform");
  const [{ q = "", page = "" }, change] = useQueryFields();
  const staffUserId = seesAll ? 0n : (identity?.userId ?? 0n);
  const query = useQuery(
    LocationsService.method.listLocations,
    { staffUserId, name: q, pageSize, pageToken: page },
    { placeholderData: keepPreviousData },
  );
  return (
    <div className="places">
      <header className="places-head">
        <h1>Places</h1>
        <SearchField
          label="Search places"
          value={q}
          onSearch={(text) => change({ q: text, page: undefined }, { replace: true })}
        />
        <Link href="/places/new" button="plain">
          New place
        </Link>
      </header>
      <Loaded query={query} what="The places">
        {({ locations, nextPageToken }) => (
          <>
            {locations.length === 0 ? <NoPlaces q={q} /> : <Places locations={locations} />}
            {nextPageToken === "" ? null : (
              <p>
                <Link href={`/places${queryText({ q, page: nextPageToken })}`} button="plain">
                  More places
                </Link>
              </p>
            )}
          </>
        )}
      </Loaded>
      <Outlet />
    </div>
  );
}

function Places({ locations }: { readonly locations: readonly Location[] }) {
  const userId = useIdentity()?.userId;
  return (
    <ul className="ruled">
      {locations.map((location) => (
        <li key={String(location.locationId)}>
          <Link href={`/places/${location.locationId}`} className="place-row" isRow>
            <span className="place-name">{location.name}</span>
            <span className="place-address">{location.address}</span>
            <span className="quiet">{location.categories.join(", ")}</span>
            <span className="quiet">{location.ownerUserId === userId ? "yours" : "you work here"}</span>
            <span aria-hidden="true">›</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NoPlaces({ q }: { readonly q: string }) {
  return q === "" ? (
    <Empty
      title="No place of yours yet"
      action={
        <Link href="/places/new" button="primary">
          New place
        </Link>
      }
    >
      <p>Make one, or ask the owner of one to add you to its staff.</p>
    </Empty>
  ) : (
    <Empty title={`No place of yours is called “${q}”`} action={<Link href="/places">Show all</Link>} />
  );
}

import type { Location } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import type { ReactNode } from "react";
import { useTitle } from "../app/navigate.ts";
import { NotFound } from "../app/not-found.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { usePlace, usePlaceTopic } from "./use-place.ts";
import "../tables/parts.css";
import "./places.css";

export interface PlaceFrameProps {
  readonly locationId: bigint;
  readonly current: "tables" | "kitchen" | "menu" | "about";
  /** Of the window. */
  readonly title: string;
  readonly children: (location: Location) => ReactNode;
}

/** What stands around every page of one location: its name, its parts, and how much the kitchen has to do. */
export function PlaceFrame({ locationId, current, title, children }: PlaceFrameProps) {
  usePlaceTopic(locationId);
  const { location: query, queue } = usePlace(locationId);
  const name = query.data?.location?.name;
  useTitle(name === undefined ? title : `${title} · ${name}`);
  if (locationId === 0n) {
    return <NotFound />;
  }
  const at = `/places/${locationId}`;
  const waiting = queue.data?.orders.length;
  const parts = [
    { part: "tables", href: at, text: "Tables" },
    {
      part: "kitchen",
      href: `${at}/kitchen`,
      text: "Kitchen",
      ...(waiting !== undefined && { count: waiting }),
    },
    { part: "menu", href: `${at}/menu`, text: "Menu" },
    { part: "about", href: `${at}/about`, text: "About" },
  ];
  return (
    <Loaded query={query} what="The place">
      {({ location }) =>
        location === undefined ? null : (
          <div className="places">
            <header className="place-head">
              <p className="quiet">
                <Link href="/places">‹ Places</Link>
              </p>
              <h1>{location.name}</h1>
            </header>
            <Tabs
              label="Parts of the place"
              tabs={parts.map(({ part, ...tab }) => ({ ...tab, isCurrent: part === current }))}
            />
            {children(location)}
          </div>
        )
      }
    </Loaded>
  );
}

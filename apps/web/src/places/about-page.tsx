import { useQuery } from "@connectrpc/connect-query";
import type { Location } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { Outlet } from "@tanstack/react-router";
import { usePathId } from "../app/navigate.ts";
import { useHasRole, useIdentity } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { openingHoursText } from "./opening-hours.ts";
import { PlaceFrame } from "./place-frame.tsx";
import "../ui/form.css";
import "./about.css";

/** What a location is, and who works there. */
export default function AboutPage() {
  const locationId = usePathId("locationId");
  return (
    <PlaceFrame locationId={locationId} current="about" title="About">
      {(location) => (
        <>
          <About location={location} />
          <Outlet />
        </>
      )}
    </PlaceFrame>
  );
}

function About({ location }: { readonly location: Location }) {
  const { locationId, ownerUserId } = location;
  const userId = useIdentity()?.userId;
  const mayChange = useHasRole("platform") || ownerUserId === userId;
  const staff = useQuery(LocationsService.method.getLocationStaff, { locationId });
  const at = `/places/${locationId}/about`;
  return (
    <>
      <dl className="about">
        {factsOf(location).map(([what, text]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        <div>
          <dt>Who works here</dt>
          <dd>
            <Loaded query={staff} what="Who works here" skeleton="…">
              {({ userIds }) => (
                <>
                  {[ownerUserId, ...userIds.filter((id) => id !== ownerUserId)]
                    .map((id) => personText(id, ownerUserId, userId))
                    .join(", ")}
                </>
              )}
            </Loaded>
          </dd>
        </div>
        <div>
          <dt>Your own user id</dt>
          <dd className="mono">{String(userId ?? "–")}</dd>
        </div>
      </dl>
      {mayChange ? (
        <p className="form-actions">
          <Link href={`${at}/edit`} button="primary">
            Change it
          </Link>
          <Link href={`${at}/staff`} button="plain">
            Who works here
          </Link>
        </p>
      ) : (
        <p className="quiet">Only its owner and the platform can change this.</p>
      )}
    </>
  );
}

/** "User 3 (owner, you)". Who is behind a number only they and their owner know. */
function personText(id: bigint, ownerUserId: bigint, userId: bigint | undefined): string {
  const notes = [id === ownerUserId ? "owner" : "", id === userId ? "you" : ""].filter((note) => note !== "");
  return `user ${id}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

function factsOf(location: Location): readonly (readonly [what: string, text: string])[] {
  const { address, description, categories, tags, website, telephone, openingHours, position } = location;
  const facts: readonly (readonly [string, string])[] = [
    ["Address", address],
    ["Description", description],
    ["Categories", categories.join(", ")],
    ["Tags", tags.join(", ")],
    ["Website", website],
    ["Telephone", telephone],
    ["Open", openingHoursText(openingHours)],
    ["Position", position === undefined ? "" : `${position.latitude}, ${position.longitude}`],
    ["Prices in", location.currencyCode],
  ];
  return facts.filter(([, text]) => text !== "");
}

import { useMutation, useQuery } from "@connectrpc/connect-query";
import type { MenuItem } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { Outlet } from "@tanstack/react-router";
import { usePathId, useQueryFields } from "../app/navigate.ts";
import { failureText } from "../failure-text.ts";
import { useReadAnew } from "../read-anew.ts";
import { menuSections, searchMenu } from "../tables/menu-sections.ts";
import { Button } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { useOnce } from "../ui/use-once.ts";
import { PlaceFrame } from "./place-frame.tsx";
import "./menu.css";

const { listMenu, upsertMenuItem } = LocationsService.method;

/** What can be ordered at a location, and what is sold out today. */
export default function MenuPage() {
  const locationId = usePathId("locationId");
  const [{ q = "" }, change] = useQueryFields();
  const query = useQuery(listMenu, { locationId }, { enabled: locationId > 0n });
  const at = `/places/${locationId}/menu`;
  return (
    <PlaceFrame locationId={locationId} current="menu" title="Menu">
      {() => (
        <>
          <div className="places-head">
            <SearchField
              label="Search the menu"
              value={q}
              onSearch={(text) => change({ q: text }, { replace: true })}
            />
            <Link href={`${at}/new`} button="primary">
              New item
            </Link>
          </div>
          <Loaded query={query} what="The menu">
            {({ items }) => <Menu items={items} q={q} at={at} locationId={locationId} />}
          </Loaded>
          <Outlet />
        </>
      )}
    </PlaceFrame>
  );
}

interface MenuProps {
  readonly items: readonly MenuItem[];
  readonly q: string;
  readonly at: string;
  readonly locationId: bigint;
}

function Menu({ items, q, at, locationId }: MenuProps) {
  const found = searchMenu(items, q);
  if (found.length === 0) {
    return q === "" ? (
      <Empty title="The menu is empty">
        <p>Add the first dish or drink: guests see it at once.</p>
      </Empty>
    ) : (
      <Empty title={`Nothing on the menu has “${q}”`} action={<Link href={at}>Show the whole menu</Link>} />
    );
  }
  return menuSections(found).map((section) => (
    <section key={section.title} className="menu-section" aria-label={section.title}>
      <h2>{section.title}</h2>
      <ul className="ruled">
        {section.items.map((item) => (
          <MenuRow key={item.sku} item={item} at={at} locationId={locationId} />
        ))}
      </ul>
    </section>
  ));
}

function MenuRow({ item, at, locationId }: Omit<MenuProps, "items" | "q"> & { readonly item: MenuItem }) {
  const saving = useMutation(upsertMenuItem, { onSuccess: useReadAnew([listMenu]) });
  const once = useOnce();
  const { sku, name, description, tags, additives, isSoldOut, price } = item;
  const details = [description.replace(/\.$/, ""), ...tags].filter((text) => text !== "").join(" · ");
  return (
    <li className="menu-row">
      <span className="menu-row-text">
        <Link href={`${at}/${sku}`} isRow className={isSoldOut ? "menu-sold-out" : ""}>
          {name}
        </Link>
        <span className="quiet">{details}</span>
        {additives.length === 0 ? null : <span className="quiet">contains {additives.join(", ")}</span>}
        {saving.error === null ? null : (
          <span className="ticket-problem" role="alert">
            {failureText(saving.error).text}
          </span>
        )}
      </span>
      <Money value={price} />
      <span className="menu-row-actions">
        <Button
          aria-label={isSoldOut ? `${name} can be ordered again` : `${name} is sold out`}
          isPending={saving.isPending}
          pendingText="Saving…"
          onPress={() =>
            once(() => saving.mutateAsync({ locationId, item: { ...item, isSoldOut: !isSoldOut } }))
          }
        >
          {isSoldOut ? "Back on" : "Sold out"}
        </Button>
        <Link href={`${at}/${sku}/remove`} button="danger" aria-label={`Take ${name} off the menu`}>
          Remove…
        </Link>
      </span>
    </li>
  );
}

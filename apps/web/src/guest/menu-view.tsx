import { useQuery } from "@connectrpc/connect-query";
import type { MenuItem } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { SessionState, type TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { PlaceOrderLineSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useEffect, useId, useState } from "react";
import { useGo } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { formatMoney } from "../format.ts";
import {
  type Draft,
  draftCount,
  draftedItems,
  draftTotal,
  emptyDraft,
  withNote,
  withQuantity,
} from "../tables/draft.ts";
import { menuSections, searchMenu } from "../tables/menu-sections.ts";
import { differenceOf } from "../tables/order-steps.ts";
import { Quantity } from "../tables/quantity.tsx";
import { usePlaceOrder } from "../tables/use-place-order.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import type { KeptGuest } from "./kept-guest.ts";
import { useDraft } from "./use-draft.ts";
import "./menu-view.css";

/** How late a guest may learn that something is sold out. */
const menuEveryMs = 10_000;
const noteLimits = limitsOf(PlaceOrderLineSchema, "note");

export interface MenuViewProps {
  readonly code: string;
  readonly guest: KeptGuest;
  readonly session: TableSession;
}

/** The menu, with what one is about to order in it. */
export function MenuView({ code, guest, session }: MenuViewProps) {
  const [draft, setDraft] = useDraft(guest.sessionId);
  const go = useGo();
  // Menus have no topic: what is sold out meanwhile is asked for now and then, and once an order was refused for it.
  const query = useQuery(
    LocationsService.method.listMenu,
    { locationId: guest.locationId },
    { refetchInterval: menuEveryMs },
  );
  const placing = usePlaceOrder(() => {
    setDraft(emptyDraft);
    go(`/t/${code}?show=ordered`);
  });
  const items = draftedItems(draft, query.data?.items ?? []);
  const isOpen = session.state === SessionState.OPEN;
  const left = differenceOf(session.total, session.paid);
  const { refetch } = query;
  useEffect(() => {
    if (placing.error !== null) {
      void refetch();
    }
  }, [placing.error, refetch]);
  function change(next: Draft): void {
    placing.onEdit();
    setDraft(next);
  }
  return (
    <>
      <Loaded query={query} what="The menu">
        {({ items: menu }) => <Menu menu={menu} draft={draft} isOpen={isOpen} onChange={change} />}
      </Loaded>
      <footer className="guest-bar">
        {placing.error === null ? null : <Failure error={placing.error} />}
        {items.length > 0 && isOpen ? (
          <Button
            kind="primary"
            wide
            isPending={placing.isPending}
            pendingText="Sending…"
            onPress={() => placing.send({ sessionId: guest.sessionId, items })}
          >
            <span>Send {draftCount(items)} to the kitchen</span>
            <span>{formatMoney(draftTotal(items))}</span>
          </Button>
        ) : session.total === undefined ? (
          <p className="quiet">Add what you like with +, then send it to the kitchen.</p>
        ) : (
          <Link href={`/t/${code}?show=ordered`} button="plain" className="button-wide">
            {left?.amountMinor === 0n ? "All of it is paid" : `Pay · ${formatMoney(left)}`}
          </Link>
        )}
      </footer>
    </>
  );
}

interface MenuProps {
  readonly menu: readonly MenuItem[];
  readonly draft: Draft;
  readonly isOpen: boolean;
  readonly onChange: (draft: Draft) => void;
}

function Menu({ menu, draft, isOpen, onChange }: MenuProps) {
  const [search, setSearch] = useState("");
  const id = useId();
  const sections = menuSections(searchMenu(menu, search));
  if (menu.length === 0) {
    return (
      <Empty title="There is nothing on the menu yet">
        <p>The staff can tell you what there is.</p>
      </Empty>
    );
  }
  return (
    <div className="guest-menu">
      <div className="guest-finder">
        <input
          type="search"
          className="field-input"
          aria-label="Search the menu"
          placeholder="Search the menu"
          value={search}
          maxLength={100}
          onChange={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <nav className="guest-chips" aria-label="Parts of the menu">
          {sections.map(({ title }) => (
            <button
              key={title}
              type="button"
              className="guest-chip"
              onClick={() => document.getElementById(`${id} ${title}`)?.scrollIntoView({ block: "start" })}
            >
              {title}
            </button>
          ))}
        </nav>
      </div>
      {sections.length === 0 ? <p>Nothing on the menu has “{search}”.</p> : null}
      {sections.map(({ title, items }) => (
        <section key={title} id={`${id} ${title}`} className="guest-section" aria-label={title}>
          <h2>{title}</h2>
          <ul className="ruled">
            {items.map((item) => (
              <DishRow key={item.sku} item={item} draft={draft} isOpen={isOpen} onChange={onChange} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function DishRow({ item, draft, isOpen, onChange }: Omit<MenuProps, "menu"> & { readonly item: MenuItem }) {
  const { sku, name, description, tags, additives, price, isSoldOut } = item;
  const line = draft[String(sku)];
  // Each on a line of its own: a phone would break one line in the middle of it.
  const details = [description.replace(/\.$/, ""), tags.join(", ")].filter((text) => text !== "");
  return (
    <li className="dish">
      <div className="dish-text">
        <span className={`dish-name${isSoldOut ? " dish-sold-out" : ""}`}>{name}</span>
        {details.map((text) => (
          <span key={text} className="dish-details">
            {text}
          </span>
        ))}
        {additives.length === 0 ? null : (
          <span className="dish-details">contains {additives.join(", ")}</span>
        )}
      </div>
      <span className="dish-price">
        <Money value={price} />
      </span>
      <span className="dish-quantity">
        {isSoldOut ? (
          <span className="quiet">sold out</span>
        ) : isOpen ? (
          <Quantity
            name={name}
            value={line?.quantity ?? 0}
            onChange={(quantity) => onChange(withQuantity(draft, sku, quantity))}
          />
        ) : null}
      </span>
      {line === undefined || isSoldOut ? null : (
        <input
          className="field-input dish-note"
          aria-label={`Note for ${name}`}
          placeholder="A note: “no onions”"
          value={line.note}
          maxLength={noteLimits.maxLength}
          onChange={({ currentTarget }) => onChange(withNote(draft, sku, currentTarget.value))}
        />
      )}
    </li>
  );
}

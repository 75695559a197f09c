import { useQuery } from "@connectrpc/connect-query";
import type { MenuItem } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import type { TableSession } from "@ordermesh/proto/ordermesh/tables/v1/session_pb";
import { PlaceOrderRequestSchema } from "@ordermesh/proto/ordermesh/tables/v1/tables_pb";
import { useState } from "react";
import { useGoBackTo, usePathId } from "../app/navigate.ts";
import { limitsOf } from "../field-limits.ts";
import { formatMoney } from "../format.ts";
import {
  type Draft,
  draftCount,
  draftedItems,
  draftTotal,
  emptyDraft,
  withQuantity,
} from "../tables/draft.ts";
import { menuSections, searchMenu } from "../tables/menu-sections.ts";
import { Quantity } from "../tables/quantity.tsx";
import { usePlaceOrder } from "../tables/use-place-order.ts";
import { useSessionPicture } from "../tables/use-table-session.ts";
import { useTablesReader } from "../tables/use-tables-reader.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Select } from "../ui/select.tsx";
import "./menu.css";

/** The staff order for the table, or for one of its guests. */
export default function OrderDialog() {
  const sessionId = usePathId("sessionId");
  const locationId = usePathId("locationId");
  const page = `/places/${locationId}/table/${sessionId}`;
  const session = useSessionPicture(sessionId).data?.session;
  const menu = useQuery(LocationsService.method.listMenu, { locationId });
  return (
    <RouteDialog title={`Order for ${session?.name ?? "the table"}`} page={page} wide>
      <Loaded query={menu} what="The menu">
        {({ items }) =>
          session === undefined ? null : <OrderForm session={session} menu={items} page={page} />
        }
      </Loaded>
    </RouteDialog>
  );
}

interface OrderFormProps {
  readonly session: TableSession;
  readonly menu: readonly MenuItem[];
  readonly page: string;
}

function OrderForm({ session, menu, page }: OrderFormProps) {
  const [draft, setDraft] = useState(emptyDraft);
  const [search, setSearch] = useState("");
  const [guest, setGuest] = useState("0");
  const close = useGoBackTo(page);
  const read = useTablesReader();
  const placing = usePlaceOrder(() => {
    void read();
    close();
  });
  const items = draftedItems(draft, menu);
  const guests = session.guests.filter(({ isTable, isRemoved }) => !isTable && !isRemoved);
  return (
    <Form
      error={placing.error}
      onEdit={placing.onEdit}
      onSubmit={({ note = "" }) => {
        if (items.length > 0) {
          placing.send({ sessionId: session.sessionId, items, guestId: BigInt(guest), note });
        }
        return undefined;
      }}
    >
      <div className="form-row">
        <Select
          label="For whom"
          name="guest"
          value={guest}
          onChange={setGuest}
          options={[
            { value: "0", text: "The table" },
            ...guests.map(({ guestId, nickname }) => ({ value: String(guestId), text: nickname })),
          ]}
        />
        <Field label="Find a dish" name="search" type="search" value={search} onChange={setSearch} />
      </div>
      <Dishes
        menu={searchMenu(menu, search)}
        draft={draft}
        onChange={(next) => {
          placing.onEdit();
          setDraft(next);
        }}
      />
      <Field label="For the kitchen" name="note" {...limitsOf(PlaceOrderRequestSchema, "note")} />
      <div className="form-actions">
        <Button type="submit" kind="primary" isPending={placing.isPending} pendingText="Sending…">
          {items.length === 0
            ? "Choose something first"
            : `Send ${draftCount(items)} to the kitchen · ${formatMoney(draftTotal(items))}`}
        </Button>
        <Button onPress={close}>Not now</Button>
      </div>
    </Form>
  );
}

interface DishesProps {
  readonly menu: readonly MenuItem[];
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

function Dishes({ menu, draft, onChange }: DishesProps) {
  return (
    <div className="order-menu">
      {menuSections(menu).map(({ title, items: dishes }) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <ul className="ruled">
            {dishes.map((item) => (
              <li key={item.sku} className="order-menu-row">
                <span>{item.name}</span>
                <Money value={item.price} />
                {item.isSoldOut ? (
                  <span className="quiet">sold out</span>
                ) : (
                  <Quantity
                    name={item.name}
                    value={draft[String(item.sku)]?.quantity ?? 0}
                    onChange={(quantity) => onChange(withQuantity(draft, item.sku, quantity))}
                  />
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

import { useMutation, useQuery } from "@connectrpc/connect-query";
import { type MenuItem, MenuItemSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { LocationsService } from "@ordermesh/proto/ordermesh/tables/v1/locations_pb";
import { useState } from "react";
import { useGoBackTo, usePathId, usePathPart } from "../app/navigate.ts";
import { amountLimits, limitsOf } from "../field-limits.ts";
import { decimalOf, minorDigits, parseAmount } from "../format.ts";
import { useReadAnew } from "../read-anew.ts";
import { Button } from "../ui/button.tsx";
import { RouteDialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Form, type FormValues } from "../ui/form.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { wordsOf } from "./place-fields.tsx";

const { getLocation, listMenu, upsertMenuItem } = LocationsService.method;

/** Adds a dish or drink, or changes one. */
export default function MenuItemDialog() {
  const locationId = usePathId("locationId");
  const sku = Number(usePathPart("sku")) || 0;
  const page = `/places/${locationId}/menu`;
  const menu = useQuery(listMenu, { locationId });
  const currencyCode = useQuery(getLocation, { locationId }).data?.location?.currencyCode ?? "EUR";
  return (
    <RouteDialog title={sku === 0 ? "New item" : "Change the item"} page={page}>
      <Loaded query={menu} what="The menu">
        {({ items }) => {
          const item = items.find((each) => each.sku === sku);
          return sku !== 0 && item === undefined ? (
            <p>It is not on the menu any more.</p>
          ) : (
            <ItemForm locationId={locationId} item={item} currencyCode={currencyCode} page={page} />
          );
        }}
      </Loaded>
    </RouteDialog>
  );
}

interface ItemFormProps {
  readonly locationId: bigint;
  readonly item: MenuItem | undefined;
  readonly currencyCode: string;
  readonly page: string;
}

function ItemForm({ locationId, item, currencyCode, page }: ItemFormProps) {
  const saving = useMutation(upsertMenuItem, { onSuccess: useReadAnew([listMenu]) });
  const [hasBadPrice, setBadPrice] = useState(false);
  const close = useGoBackTo(page);

  async function save(values: FormValues): Promise<void> {
    const { name = "", description = "", price = "", categories, tags, additives } = values;
    const amountMinor = parseAmount(price, currencyCode);
    setBadPrice(amountMinor === undefined);
    if (amountMinor === undefined) {
      return;
    }
    const words = { categories: wordsOf(categories), tags: wordsOf(tags), additives: wordsOf(additives) };
    await saving.mutateAsync({
      locationId,
      item: {
        sku: item?.sku ?? 0,
        name,
        description,
        price: { currencyCode, amountMinor },
        ...words,
        isSoldOut: values["sold-out"] === "yes",
      },
    });
    close();
  }

  return (
    <Form error={saving.error} fieldNames={itemFieldNames} onSubmit={save}>
      <ItemFields item={item} currencyCode={currencyCode} hasBadPrice={hasBadPrice} />
      <label className="choice">
        <input type="checkbox" name="sold-out" value="yes" defaultChecked={item?.isSoldOut ?? false} />
        Sold out: it stays on the menu, and cannot be ordered
      </label>
      <div className="form-actions">
        <Button type="submit" kind="primary" isPending={saving.isPending} pendingText="Saving…">
          {item === undefined ? "Add it" : "Save"}
        </Button>
        <Button onPress={close}>Not now</Button>
      </div>
    </Form>
  );
}

interface ItemFieldsProps {
  readonly item: MenuItem | undefined;
  readonly currencyCode: string;
  readonly hasBadPrice: boolean;
}

function ItemFields({ item, currencyCode, hasBadPrice }: ItemFieldsProps) {
  return (
    <>
      <Field label="Name" name="name" {...limitsOf(MenuItemSchema, "name")} defaultValue={item?.name ?? ""} />
      <Field
        label="Description"
        name="description"
        lines={2}
        {...limitsOf(MenuItemSchema, "description")}
        defaultValue={item?.description ?? ""}
      />
      <Field
        label={`Price in ${currencyCode}`}
        name="price"
        inputMode="decimal"
        {...limitsOf(MenuItemSchema, "price")}
        {...amountLimits()}
        width={12}
        defaultValue={
          item?.price === undefined ? "" : decimalOf(item.price.amountMinor, minorDigits(currencyCode))
        }
        {...(hasBadPrice && { problem: "Write an amount such as 12.50." })}
      />
      <Field
        label="Categories"
        name="categories"
        {...limitsOf(MenuItemSchema, "categories")}
        defaultValue={item?.categories.join(", ") ?? ""}
        hint="For example: mains, grill. It is listed under the first one."
      />
      <Field
        label="Tags"
        name="tags"
        {...limitsOf(MenuItemSchema, "tags")}
        defaultValue={item?.tags.join(", ") ?? ""}
        hint="For example: vegan, house specialty"
      />
      <Field
        label="Contains"
        name="additives"
        {...limitsOf(MenuItemSchema, "additives")}
        defaultValue={item?.additives.join(", ") ?? ""}
        hint="What has to be declared, such as gluten, milk"
      />
    </>
  );
}

const itemFieldNames = Object.fromEntries(
  ["name", "description", "price", "categories", "tags", "additives"].map((field) => [
    `item.${field}`,
    field,
  ]),
);

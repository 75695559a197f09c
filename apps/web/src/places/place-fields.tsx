import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Location, LocationSchema } from "@ordermesh/proto/ordermesh/tables/v1/location_pb";
import { limitsOf } from "../field-limits.ts";
import { Field } from "../ui/field.tsx";
import type { FormValues } from "../ui/form.tsx";
import { openingHoursText, parseOpeningHours } from "./opening-hours.ts";

const limits = (path: string) => limitsOf(LocationSchema, path);

/** The fields of a location, for its first day and for later. */
export function PlaceFields({ location, problems }: { location?: Location; problems: PlaceProblems }) {
  const position = location?.position;
  return (
    <>
      <Field label="Name" name="name" {...limits("name")} defaultValue={location?.name ?? ""} />
      <Field
        label="Address"
        name="address"
        {...limits("address")}
        defaultValue={location?.address ?? ""}
        autoComplete="street-address"
      />
      <Field
        label="Description"
        name="description"
        lines={2}
        {...limits("description")}
        defaultValue={location?.description ?? ""}
      />
      <Field
        label="Categories"
        name="categories"
        {...limits("categories")}
        defaultValue={location?.categories.join(", ") ?? ""}
        hint="For example: restaurant, beer garden"
      />
      <Field
        label="Tags"
        name="tags"
        {...limits("tags")}
        defaultValue={location?.tags.join(", ") ?? ""}
        hint="For example: terrace, family"
      />
      <div className="form-row">
        <Field label="Website" name="website" {...limits("website")} defaultValue={location?.website ?? ""} />
        <Field
          label="Telephone"
          name="telephone"
          type="tel"
          {...limits("telephone")}
          defaultValue={location?.telephone ?? ""}
        />
      </div>
      <Field
        label="Opening hours"
        name="opening_hours"
        lines={4}
        defaultValue={openingHoursText(location?.openingHours ?? [])}
        hint="One line for each: Mon–Fri 11:30–23:00"
        {...(problems.hours !== undefined && { problem: problems.hours })}
      />
      <Field
        label="Position"
        name="position"
        defaultValue={position === undefined ? "" : `${position.latitude}, ${position.longitude}`}
        hint="Latitude and longitude, such as 48.1362, 11.5763. People nearby find it by them."
        {...(problems.position !== undefined && { problem: problems.position })}
      />
    </>
  );
}

/** What the page itself can tell. */
export interface PlaceProblems {
  readonly hours?: string;
  readonly position?: string;
}

/** What was typed, as a location; or what cannot be read. */
export function placeOf(
  values: FormValues,
): { readonly location: MessageInitShape<typeof LocationSchema> } | { readonly problems: PlaceProblems } {
  const { name = "", address = "", description = "", website = "", telephone = "" } = values;
  const hours = parseOpeningHours(values.opening_hours ?? "");
  const position = positionOf(values.position ?? "");
  const problems = {
    ...("unreadable" in hours && {
      hours: `“${hours.unreadable}” is no opening hours. Write “Mon–Fri 11:30–23:00”.`,
    }),
    ...(position === "unreadable" && { position: "Write two numbers: “48.1362, 11.5763”." }),
  };
  if ("unreadable" in hours || position === "unreadable") {
    return { problems };
  }
  return {
    location: {
      name,
      address,
      description,
      website,
      telephone,
      categories: wordsOf(values.categories),
      tags: wordsOf(values.tags),
      openingHours: [...hours],
      ...(position !== undefined && { position }),
    },
  };
}

/** "grill, mains" → ["grill", "mains"]; each once. */
export function wordsOf(text: string | undefined): string[] {
  const words = (text ?? "").split(",").map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ""))];
}

function positionOf(text: string): { latitude: number; longitude: number } | "unreadable" | undefined {
  if (text.trim() === "") {
    return undefined;
  }
  const [, latitude, longitude] =
    /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text) ?? [];
  return latitude === undefined || longitude === undefined
    ? "unreadable"
    : { latitude: Number(latitude), longitude: Number(longitude) };
}

/** Fields of the contract that are called otherwise here. */
export const placeFieldNames = {
  "location.name": "name",
  "location.address": "address",
  "location.description": "description",
  "location.website": "website",
  "location.telephone": "telephone",
  "location.categories": "categories",
  "location.tags": "tags",
  "location.position": "position",
  "location.opening_hours": "opening_hours",
} as const;

import { Failure } from "@ordermesh/failure/failure";
import { describe, expect, it } from "vitest";
import { checkDraft, type ProductDraft } from "./product.ts";

const lamp: ProductDraft = {
  sku: 7,
  name: "Lamp",
  price: { currencyCode: "EUR", amountMinor: 1299n },
  kind: "physical",
  locationId: undefined,
  menu: undefined,
};

function violatedField(draft: ProductDraft): string | undefined {
  try {
    checkDraft(draft);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    const failure = error as Failure;
    expect(failure.kind).toBe("invalid_argument");
    return failure.details.fieldViolations?.[0]?.field;
  }
}

describe("checkDraft", () => {
  it("takes goods and services without a location, and menu items with one", () => {
    expect(violatedField(lamp)).toBeUndefined();
    expect(violatedField({ ...lamp, kind: "service" })).toBeUndefined();
    expect(violatedField({ ...lamp, kind: "menu_item", locationId: 3n })).toBeUndefined();
  });

  it("refuses a menu item without a location, and a location on anything else", () => {
    expect(violatedField({ ...lamp, kind: "menu_item" })).toBe("product.location_id");
    expect(violatedField({ ...lamp, locationId: 3n })).toBe("product.location_id");
    expect(violatedField({ ...lamp, kind: "service", locationId: 3n })).toBe("product.location_id");
  });

  it("refuses names that nobody can read and no order line takes", () => {
    for (const name of [" ", "\u00a0", "Lamp\u0000", "Lamp\nred", "\u007f"]) {
      expect(violatedField({ ...lamp, name }), JSON.stringify(name)).toBe("product.name");
    }
  });
});

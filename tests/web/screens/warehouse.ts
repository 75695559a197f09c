import { orderOf } from "../ordering.ts";
import { type Area, openAt, type Screen } from "./screen.ts";

const lamp = 1_076_963;

/** The warehouse, as the seller sees it. */
export const warehouseArea: Area = {
  name: "warehouse",
  async prepare(stage) {
    await orderOf(await stage.call("buyer"), [lamp]);
    const screen = (name: string, path: string, text: string | RegExp): Screen => ({
      name,
      who: "seller",
      open: (page) => openAt(page, path, text),
    });
    return [
      screen("warehouse", "/warehouse", "On hand"),
      screen("warehouse-none", "/warehouse?q=4000000001", "No warehouse has"),
      screen("warehouse-receive", "/warehouse/receive", "Quantity"),
      {
        name: "warehouse-sku",
        who: "seller",
        async open(page) {
          await openAt(page, `/warehouse/${lamp}`, "of buyer");
          await page.locator(".stock-chart canvas").waitFor();
        },
      },
      screen("warehouse-sku-receive", `/warehouse/${lamp}/receive`, "Quantity"),
    ];
  },
};

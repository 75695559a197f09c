import { deskArea } from "./desk.ts";
import { operationsArea } from "./operations.ts";
import type { Area } from "./screen.ts";
import { shopArea } from "./shop.ts";
import { tablesArea } from "./tables.ts";
import { warehouseArea } from "./warehouse.ts";

/** Every area of the pages. What is not here has no picture, and is not looked at by axe. */
export const areas: readonly Area[] = [shopArea, tablesArea, deskArea, warehouseArea, operationsArea];

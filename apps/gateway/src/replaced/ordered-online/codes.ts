import { randomBytes } from "node:crypto";
import QRCode from "qrcode";
import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import type { CompatRoute } from "./compat-route.ts";
import { objectInBody } from "./json-input.ts";
import { Refusal } from "./reasons.ts";

/** A longer text makes a code that no phone reads from a screen. */
const valueLengthMax = 1_000;

/**
 * The routes of ordered-online's codes service. Sessions have had their codes from there; here they bring their own, and a
 * code from here is a random number that stands for nothing.
 */
export function codeRoutes(route: CompatRoute): Route<GatewayRoute>[] {
  return [
    ...route("GET", "/codes/new/", async () => ({ value: randomBytes(3).toString("hex") })),

    ...route("POST", "/codes/render/qr/", async ({ body }) => {
      const { value } = objectInBody(body);
      const text = typeof value === "string" || typeof value === "number" ? `${value}` : "";
      if (text === "" || text.length > valueLengthMax) {
        throw new Refusal(400, "erroneous_value");
      }
      const svg = await QRCode.toString(text, { type: "svg" }).catch((cause: unknown) => {
        throw new Refusal(400, "erroneous_value", cause);
      });
      return { base64: Buffer.from(svg).toString("base64") };
    }),
  ];
}

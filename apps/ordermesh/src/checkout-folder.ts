import { fileURLToPath } from "node:url";

/** The checkout that this program belongs to. Right in src/ and, bundled, in dist/. */
export const checkoutFolder = fileURLToPath(new URL("../../../", import.meta.url));

import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Calls of a page that is served by `vite` go to the gateway of `npm start`. */
const gateway = process.env.GATEWAY_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: new URL(".", import.meta.url).pathname,
  plugins: [{ ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" }, react()],
  build: {
    // The policy of the page allows files of ours only: no data: addresses, no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What the first page needs is one file, with all that these import: in thirty of them, their headers alone were a
        // seventh of the first load.
        codeSplitting: {
          groups: [
            {
              name: "first",
              test: new RegExp(
                [
                  "/web/src/(app/(router|theme)|feed/feed-on-demand|session/(page-transport|sign-in-as))\\.tsx?$",
                  // Before those of the parts, which they would undo otherwise.
                  "/web/src/(tokens|base)\\.css$",
                  "/web/src/ui/(loaded|money|search-field)\\.tsx$",
                  "/product/v1/product_pb\\.ts$",
                  "/connect-query/.*/use-query\\.js$",
                  "/react-dom/client\\.js$",
                ].join("|"),
              ),
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["^/ordermesh\\.", "/app-config.json", "/auth/seat", "/v1", "/documentation", "/openapi.json"].map(
        (path) => [
          path,
          // As if the gateway had served the page: it keeps others from its seats.
          { target: gateway, changeOrigin: true, headers: { origin: gateway } },
        ],
      ),
    ),
  },
});

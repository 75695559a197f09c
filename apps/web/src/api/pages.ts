import type { PageDefinition } from "../app/page-definition.ts";

/** For those who write programs: anybody may read it. */
export const apiPages: readonly PageDefinition[] = [
  { path: "/api", title: "API", load: () => import("./api-page.tsx") },
];

import type { PageDefinition } from "../app/page-definition.ts";

const operators = { roles: ["operator", "platform"], layout: "desk" } as const;

/** For those who run the installation. */
export const operationsPages: readonly PageDefinition[] = [
  { path: "/ops", title: "Operations", ...operators, load: () => import("./overview-page.tsx") },
  { path: "/ops/outbox", title: "Outbox and lag", ...operators, load: () => import("./backlogs-page.tsx") },
  {
    path: "/ops/dead-letters",
    title: "Dead letters",
    ...operators,
    load: () => import("./dead-letters-page.tsx"),
    dialogs: [{ path: "letter", title: "Dead letter", load: () => import("./letter-dialog.tsx") }],
  },
  {
    path: "/ops/timers",
    title: "Timers",
    ...operators,
    load: () => import("./timers-page.tsx"),
    dialogs: [{ path: "skip", title: "Skip a timer", load: () => import("./skip-timer-dialog.tsx") }],
  },
  { path: "/ops/deliveries", title: "Deliveries", ...operators, load: () => import("./deliveries-page.tsx") },
  { path: "/ops/verify", title: "Verify", ...operators, load: () => import("./verify-page.tsx") },
];

import {
  type AnyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
} from "@tanstack/react-router";
import { queryObject, queryText } from "../query-text.ts";
import { Failure } from "../ui/failure.tsx";
import { Skeleton } from "../ui/notice.tsx";
import { Guarded } from "./guarded.tsx";
import { NotFound } from "./not-found.tsx";
import type { PageDefinition } from "./page-definition.ts";
import { pages } from "./pages.ts";
import { Shell } from "./shell.tsx";

/** What a page's definition is on its route: the shell reads the layout and the title from it. */
export interface PageData {
  readonly page?: PageDefinition;
}

export function createPageRouter() {
  const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });
  const routes = pages.map((page) => routeOf(page, () => rootRoute));
  return createRouter({
    routeTree: rootRoute.addChildren(routes),
    // As plain text: the router's own way through JSON breaks ids and codes.
    parseSearch: queryObject,
    stringifySearch: queryText,
    scrollRestoration: true,
    defaultPreload: "intent",
    defaultPendingComponent: PendingPage,
    defaultPendingMs: 150,
    defaultErrorComponent: ({ error, reset }) => (
      <Failure error={error} what="This page could not be shown" onRetry={reset} />
    ),
    defaultNotFoundComponent: NotFound,
  });
}

function PendingPage() {
  return <Skeleton rows={8} widths={[40, 90, 80, 85]} />;
}

/** The tree is made of data, so its type is no more than that it is a tree. */
function routeOf(page: PageDefinition, getParentRoute: () => AnyRoute): AnyRoute {
  const Page = lazyRouteComponent(page.load) as RouteComponent & { preload?: () => Promise<void> };
  const component: typeof Page = Object.assign(
    page.roles === undefined
      ? () => <Page />
      : () => (
          <Guarded roles={page.roles ?? []}>
            <Page />
          </Guarded>
        ),
    // With the page's own, its code is loaded as soon as a link to it is pointed at.
    { preload: () => Page.preload?.() ?? Promise.resolve() },
  );
  const route = createRoute({
    getParentRoute,
    path: page.path,
    component,
    staticData: { page } satisfies PageData,
  });
  const dialogs = page.dialogs ?? [];
  return dialogs.length === 0
    ? route
    : route.addChildren(dialogs.map((dialog) => routeOf(dialog, () => route)));
}

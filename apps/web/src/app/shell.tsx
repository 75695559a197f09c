import { Outlet, useLocation, useMatches } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { ExpiredDialog } from "../session/expired-dialog.tsx";
import { useIdentity, useSessionState } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";
import { LiveDot } from "./live-dot.tsx";
import { Mark } from "./mark.tsx";
import { navigationFor } from "./navigation.ts";
import type { Layout } from "./page-definition.ts";
import type { PageData } from "./router.tsx";
import { useShortcuts } from "./shortcuts.ts";
import "./shell.css";
import "./navigation.css";

const UserMenu = lazy(async () => ({ default: (await import("./user-menu.tsx")).UserMenu }));

const CartLink = lazy(() => import("../shop/cart-link.tsx"));
const ShortcutsDialog = lazy(() => import("./shortcuts-dialog.tsx"));

/** What stands around every page: who is signed in, where one can go, and what is live. */
export function Shell() {
  const layout = useLayout();
  const [showsShortcuts, showShortcuts] = useState(false);
  const main = useFocusOnPages();
  useShortcuts({ onHelp: () => showShortcuts(true) });
  if (layout === "bare") {
    return (
      <main ref={main} tabIndex={-1} className="page page-bare airy">
        <Outlet />
      </main>
    );
  }
  return (
    <div className={`shell shell-${layout}`}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <TopBar layout={layout} onShortcuts={() => showShortcuts(true)} />
      {layout === "desk" ? <Rail /> : null}
      <main
        id="main"
        ref={main}
        tabIndex={-1}
        className={`page page-${layout} ${layout === "desk" ? "dense" : "airy"}`}
      >
        <Outlet />
      </main>
      <ExpiredDialog />
      {showsShortcuts ? (
        <Suspense>
          <ShortcutsDialog onClose={() => showShortcuts(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}

function TopBar({ layout, onShortcuts }: { readonly layout: Layout; readonly onShortcuts: () => void }) {
  const identity = useIdentity();
  const roles = identity?.roles ?? ["buyer"];
  const isBuyer = identity === undefined || identity.roles.includes("buyer");
  const state = useSessionState();
  return (
    <header className="top-bar">
      <div className="top-bar-row">
        <Link href="/" className="brand" aria-label="Ordermesh, to the start">
          <Mark />
          <span className="brand-name">Ordermesh</span>
        </Link>
        {layout === "desk" ? null : (
          <nav aria-label="Pages" className="top-navigation">
            {navigationFor(roles)
              .filter(({ href }) => identity !== undefined || href === "/")
              .map(({ href, text }) => (
                <Link
                  key={href}
                  href={href}
                  current={href === "/" ? "exact" : "page"}
                  className="navigation-link"
                >
                  {text}
                </Link>
              ))}
          </nav>
        )}
        <span className="top-bar-space" />
        <LiveDot />
        {isBuyer ? (
          <Suspense fallback={<PlainCartLink />}>
            {identity === undefined ? <PlainCartLink /> : <CartLink />}
          </Suspense>
        ) : null}
        {identity !== undefined ? (
          <Suspense fallback={<UserMenuGhost username={identity.username} />}>
            <UserMenu identity={identity} onShortcuts={onShortcuts} />
          </Suspense>
        ) : state.kind === "starting" ? null : (
          <Link href="/sign-in" className="navigation-link" current="page">
            Sign in
          </Link>
        )}
      </div>
    </header>
  );
}

/** In the place of the menu until its code is there. */
function UserMenuGhost({ username }: { readonly username: string }) {
  return (
    <span className="menu-button">
      <span className="user-name">{username}</span>
    </span>
  );
}

function PlainCartLink() {
  return (
    <Link href="/cart" className="navigation-link" current="page">
      Cart
    </Link>
  );
}

/** At the side on a wide screen, below on a phone. */
function Rail() {
  const identity = useIdentity();
  return (
    <nav aria-label="Pages" className="rail">
      {navigationFor(identity?.roles ?? []).map(({ href, text, area }) => (
        <Link
          key={href}
          href={href}
          current="page"
          {...(area !== undefined && { area })}
          className="rail-link"
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}

function useLayout(): Layout {
  const layouts = useMatches({
    select: (matches) => matches.map(({ staticData }) => (staticData as PageData).page?.layout).join(" "),
  });
  const found = layouts.split(" ").findLast((layout) => layout !== "");
  return (found as Layout | undefined) ?? "shop";
}

/** A new page is read from its beginning: its title tells what it is, and the focus is there. */
function useFocusOnPages() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const title = useMatches({
    select: (matches) =>
      matches.map(({ staticData }) => (staticData as PageData).page?.title).findLast(Boolean),
  });
  const shown = useRef(pathname);
  useEffect(() => {
    if (title !== undefined) {
      document.title = `${title} · Ordermesh`;
    }
  }, [title, pathname]);
  useEffect(() => {
    if (shown.current !== pathname) {
      shown.current = pathname;
      // A dialog takes the focus itself, and gives it back.
      if (document.querySelector("[role=dialog]") === null && document.activeElement === document.body) {
        main.current?.focus({ preventScroll: true });
      }
    }
  }, [pathname]);
  return main;
}

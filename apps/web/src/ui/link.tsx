import { useLinkProps, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { queryObject } from "../query-text.ts";
import type { ButtonKind } from "./button.tsx";
import "./button.css";

export interface LinkProps {
  /** An address of ours, with its query: "/orders/1000", "/desk/orders?status=PAID". */
  readonly href: string;
  readonly children: ReactNode;
  readonly className?: string;
  /** Looks like a button, for what leads on. */
  readonly button?: ButtonKind;
  readonly title?: string;
  /** A link of the navigation: says so while its page, or one below it, is shown; true: it is what is shown. */
  readonly current?: "page" | "exact" | boolean;
  /** With `current`: what else counts as below it, "/desk" where the link leads to "/desk/orders". */
  readonly area?: string;
  /** Takes the place of this page in the history, as for the parts of one page. */
  readonly replace?: boolean;
  /** Leads to what a row of a list is about: the keys j and k walk over these. */
  readonly isRow?: boolean;
  readonly "aria-label"?: string;
  readonly "aria-describedby"?: string;
}

/** A real link: it opens in a new tab, can be copied, and is followed without loading the page anew. */
export function Link({
  href,
  button,
  className,
  current,
  area,
  isRow = false,
  children,
  ...props
}: LinkProps) {
  const { pathname } = useLocation();
  const url = new URL(href, window.location.origin);
  const classes = [button === undefined ? "" : `button button-${button}`, className ?? ""].join(" ").trim();
  const linkProps = useLinkProps({
    ...props,
    to: url.pathname,
    search: queryObject(url.search),
    state: { from: pathname } as object,
    ...(url.hash !== "" && { hash: url.hash.slice(1) }),
    activeProps: {},
  });
  return (
    <a
      {...linkProps}
      {...(classes !== "" && { className: classes })}
      {...(isRow && { "data-row": "" })}
      aria-current={currentOf(current, area ?? url.pathname, pathname)}
    >
      {children}
    </a>
  );
}

/** The router takes every link to this path for the current one, also those to other parts of it. */
function currentOf(
  current: LinkProps["current"],
  linked: string,
  shown: string,
): "page" | "true" | undefined {
  if (typeof current !== "string") {
    return current === true ? "true" : undefined;
  }
  const isShown = linked === shown || (current === "page" && shown.startsWith(`${linked}/`));
  return isShown ? "page" : undefined;
}

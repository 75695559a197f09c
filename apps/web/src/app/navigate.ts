import { useLocation, useNavigate, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { type QueryFields, queryObject } from "../query-text.ts";

/** What an entry of the history remembers: the page on which its link was followed. */
export interface CameFrom {
  readonly from?: string;
}

export interface GoOptions {
  /** Takes the place of this page in the history: what follows from it, and what is typed. */
  readonly replace?: boolean;
}

/** Goes to an address of ours: "/orders/1000?tab=history". */
export function useGo(): (href: string, options?: GoOptions) => void {
  const navigate = useNavigate();
  return (href, { replace = false } = {}) => {
    const url = new URL(href, window.location.origin);
    void navigate({ to: url.pathname, search: queryObject(url.search), replace });
  };
}

/**
 * Closes a dialog that has an address: back, if its page is what one came from, else to the page in its place. So the
 * history does not grow with every dialog.
 */
export function useGoBackTo(page: string): () => void {
  const router = useRouter();
  const go = useGo();
  const { state } = useLocation();
  const pathname = new URL(page, window.location.origin).pathname;
  return () => {
    if (router.history.canGoBack() && (state as CameFrom).from === pathname) {
      router.history.back();
    } else {
      go(page, { replace: true });
    }
  };
}

/** A part of the address: "orderId" of "/orders/$orderId". */
export function usePathPart(name: string): string {
  const parts: Readonly<Record<string, string | undefined>> = useParams({ strict: false });
  return parts[name] ?? "";
}

/** An id of the address; 0 if it is none, which no service knows. */
export function usePathId(name: string): bigint {
  const text = usePathPart(name);
  return /^\d{1,18}$/.test(text) ? BigInt(text) : 0n;
}

/** The fields of the query, and how to change some of them. Filters, sorting and tabs live there. */
export function useQueryFields(): readonly [
  QueryFields,
  (change: Readonly<Record<string, string | undefined>>, options?: GoOptions) => void,
] {
  const fields: QueryFields = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (
    next: Readonly<Record<string, string | undefined>>,
    { replace = false }: GoOptions = {},
  ) => {
    void navigate({ to: ".", search: { ...fields, ...next }, replace, resetScroll: false });
  };
  return [fields, change];
}

/** What the window is called while this page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Ordermesh`;
  }, [title]);
}

import { useEffect, useEffectEvent } from "react";
import { useHasRole, useIdentity } from "../session/session-context.ts";
import { useGo } from "./navigate.ts";
import { navigationFor } from "./navigation.ts";

const offKey = "ordermesh.shortcuts-off";
const pauseMs = 1_200;

export function areShortcutsOff(): boolean {
  try {
    return localStorage.getItem(offKey) !== null;
  } catch {
    return false;
  }
}

export function switchShortcuts(on: boolean): void {
  try {
    if (on) {
      localStorage.removeItem(offKey);
    } else {
      localStorage.setItem(offKey, "1");
    }
  } catch {
    // Without storage they stay on.
  }
}

/** "/" searches, "g" and a letter go somewhere, "?" lists them, j and k walk over rows marked data-row. Off inside fields. */
export function useShortcuts({ onHelp }: { readonly onHelp: () => void }): void {
  const go = useGo();
  const identity = useIdentity();
  const isBuyer = useHasRole("buyer");
  const onKey = useEffectEvent((event: KeyboardEvent, isAfterG: boolean): boolean => {
    if (isAfterG) {
      const items = navigationFor(identity?.roles ?? ["buyer"]);
      const item = items.find(({ key }) => key === event.key);
      const href = item?.href ?? (event.key === "c" && isBuyer ? "/cart" : undefined);
      if (href !== undefined) {
        go(href);
      }
      return href !== undefined;
    }
    if (event.key === "?") {
      onHelp();
      return true;
    }
    if (event.key === "/") {
      return focusOn(document.querySelector<HTMLElement>("input[type=search]"));
    }
    if (event.key === "j" || event.key === "k") {
      return walk(event.key === "j" ? 1 : -1);
    }
    return false;
  });
  useEffect(() => {
    let pressedG = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event) || hasModifier(event) || areShortcutsOff()) {
        return;
      }
      if (event.key === "g") {
        pressedG = Date.now();
        return;
      }
      const isAfterG = Date.now() - pressedG < pauseMs;
      pressedG = 0;
      if (onKey(event, isAfterG)) {
        event.preventDefault();
      }
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

function hasModifier({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}

function isTyping({ target }: KeyboardEvent): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable], [role=menu]") !== null
  );
}

function focusOn(element: HTMLElement | null | undefined): boolean {
  element?.focus();
  return element !== null && element !== undefined;
}

/** Rows are links, so Enter opens the one that has the focus. */
function walk(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  return focusOn(rows[Math.min(rows.length - 1, Math.max(0, current + by))]);
}

import { useSyncExternalStore } from "react";

const phone = "(max-width: 720px)";

/** Whether there is room for one column only. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = window.matchMedia(phone);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => window.matchMedia(phone).matches,
  );
}

import { useRef } from "react";

/**
 * Begins a piece of work unless the former one is under way: a double click does it once. A mutation tells that it is
 * pending only a moment after it began, which is too late for that. Whoever begins it shows what failed.
 */
export function useOnce(): (work: () => Promise<unknown>) => void {
  const isUnderWay = useRef(false);
  return (work) => {
    if (isUnderWay.current) {
      return;
    }
    isUnderWay.current = true;
    const end = () => {
      isUnderWay.current = false;
    };
    work().then(end, end);
  };
}

import { holdTabLock } from "../session/tab-locks.ts";

/** A hidden tab keeps leading this long, because people come back. */
const hiddenGraceMs = 5_000;
/** A browser has six connections to us, over all its tabs: this many of them may be streams. */
const slotsMax = 4;

export interface LeadershipOptions {
  readonly seat: string;
  /** This tab holds the stream for all tabs of its seat, until `signal` is aborted. */
  readonly lead: (signal: AbortSignal, mayStream: boolean) => void;
}

/** Lets one visible tab of a seat lead. A page that is put away, for the back button, leads again when it is back. */
export function seekLeadership({ seat, lead }: LeadershipOptions): void {
  let seeking: AbortController | undefined;
  let leaving: ReturnType<typeof setTimeout> | undefined;

  function seek(): void {
    clearTimeout(leaving);
    if (seeking !== undefined) {
      return;
    }
    const controller = new AbortController();
    seeking = controller;
    void holdTabLock({
      name: `ordermesh.feed.${seat}`,
      signal: controller.signal,
      onHeld: () => void takeSlot(controller.signal, lead),
    });
  }

  function leave(): void {
    clearTimeout(leaving);
    seeking?.abort();
    seeking = undefined;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      seek();
    } else {
      clearTimeout(leaving);
      leaving = setTimeout(leave, hiddenGraceMs);
    }
  });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", seek);
  if (document.visibilityState === "visible") {
    seek();
  }
}

/** Takes a slot for a stream; while all are taken, leads without one, and takes the first that becomes free. */
async function takeSlot(signal: AbortSignal, lead: LeadershipOptions["lead"]): Promise<void> {
  for (let slot = 1; slot <= slotsMax; slot += 1) {
    const had = await holdTabLock({
      name: slotName(slot),
      signal,
      ifFree: true,
      onHeld: () => lead(signal, true),
    });
    if (had || signal.aborted) {
      return;
    }
  }
  const withoutStream = new AbortController();
  lead(AbortSignal.any([signal, withoutStream.signal]), false);
  await holdFirstFree(signal, () => {
    withoutStream.abort();
    lead(signal, true);
  });
}

/** Waits for all slots at once, keeps the first, and lets go of the others. */
async function holdFirstFree(signal: AbortSignal, onHeld: () => void): Promise<void> {
  let held: number | undefined;
  const waits = Array.from({ length: slotsMax }, () => new AbortController());
  await Promise.all(
    waits.map((wait, index) =>
      holdTabLock({
        name: slotName(index + 1),
        signal: AbortSignal.any([signal, wait.signal]),
        onHeld() {
          if (held !== undefined) {
            // Two became free in the same moment: one is enough.
            wait.abort();
            return;
          }
          held = index;
          for (const other of waits.filter((each) => each !== wait)) {
            other.abort();
          }
          onHeld();
        },
      }),
    ),
  );
}

function slotName(slot: number): string {
  return `ordermesh.feed-slot-${slot}`;
}

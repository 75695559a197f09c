import { Failure } from "@ordermesh/failure/failure";
import { addressGroup } from "@ordermesh/rpc/client-address";

/** How many connections are held at the same time. */
export interface SocketCaps {
  /**
   * Counts one more.
   *
   * @returns what takes it off again.
   * @throws Failure `resource_exhausted` if there are too many from this place, `unavailable` if there are over all.
   */
  take(address: string): () => void;
}

/** @param options.max counted in this process, as `perAddressMax`. */
export function createSocketCaps(options: {
  readonly max: number;
  readonly perAddressMax: number;
}): SocketCaps {
  const { max, perAddressMax } = options;
  const counts = new Map<string, number>();
  let total = 0;

  function release(place: string): void {
    const left = (counts.get(place) ?? 1) - 1;
    total -= 1;
    if (left === 0) {
      counts.delete(place);
    } else {
      counts.set(place, left);
    }
  }

  return {
    take(address) {
      const place = addressGroup(address);
      const count = counts.get(place) ?? 0;
      if (count >= perAddressMax) {
        throw new Failure("resource_exhausted", "Too many WebSockets are open from one address.", {
          reason: "TOO_MANY_WEBSOCKETS",
          retryAfterMs: 10_000,
        });
      }
      if (total >= max) {
        throw new Failure("unavailable", "Too many WebSockets are open. Try again shortly.", {
          reason: "TOO_MANY_WEBSOCKETS",
          retryAfterMs: 10_000,
        });
      }
      counts.set(place, count + 1);
      total += 1;
      let isReleased = false;
      return () => {
        if (!isReleased) {
          isReleased = true;
          release(place);
        }
      };
    },
  };
}

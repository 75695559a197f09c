/**
 * Who wants to hear of what, and up to where each topic has been heard. One tab of a seat holds the stream for all of
 * them; every tab keeps the cursors that pass by, so that another one can go on.
 */
export interface WatchList {
  /** What a tab shows now, in place of what it showed before. */
  want(tab: string, topics: readonly string[]): void;
  forget(tab: string): void;
  /** All but one's own: before the others are asked again. */
  keepOnly(tab: string): void;
  heard(topic: string, cursor: string): void;
  /** There will be nothing more of a topic, until nobody wanted it for a moment. */
  ended(topic: string): void;
  /** Somebody else is signed in: cursors are nobody else's business. */
  clearCursors(): void;
  /** What to ask for, in a fixed order. */
  request(): readonly { readonly name: string; readonly cursor: string }[];
}

/** As many as the service takes. */
const topicsMax = 32;

export function createWatchList(): WatchList {
  const wanted = new Map<string, ReadonlySet<string>>();
  const cursors = new Map<string, string>();
  const over = new Set<string>();

  function names(): readonly string[] {
    return [...new Set([...wanted.values()].flatMap((topics) => [...topics]))].sort();
  }

  /** What nobody looks at is read anew when somebody does: its cursor would only grow old. */
  function dropUnwanted(): void {
    const kept = new Set(names());
    for (const topic of [...cursors.keys(), ...over]) {
      if (!kept.has(topic)) {
        cursors.delete(topic);
        over.delete(topic);
      }
    }
  }

  return {
    want(tab, topics) {
      wanted.set(tab, new Set(topics));
      dropUnwanted();
    },
    forget(tab) {
      wanted.delete(tab);
      dropUnwanted();
    },
    keepOnly(tab) {
      for (const other of [...wanted.keys()]) {
        if (other !== tab) {
          wanted.delete(other);
        }
      }
    },
    heard(topic, cursor) {
      if (cursor !== "") {
        cursors.set(topic, cursor);
      }
    },
    ended(topic) {
      over.add(topic);
    },
    clearCursors() {
      cursors.clear();
      over.clear();
    },
    request() {
      return names()
        .filter((name) => !over.has(name))
        .slice(0, topicsMax)
        .map((name) => ({ name, cursor: cursors.get(name) ?? "" }));
    },
  };
}

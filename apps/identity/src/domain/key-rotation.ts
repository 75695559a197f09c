/** What decides over keys: when each began, or will begin, to sign. */
export interface KeyTimes {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly signsFromMs: number;
}

export interface RotationTimes {
  /** How long a key signs. */
  readonly rotateAfterMs: number;
  /** How long a new key is published before it signs, so that every replica and every receiver knows it by then. */
  readonly publishAheadMs: number;
  /** How long a key is published after it signed last: as long as its tokens live. */
  readonly keepMs: number;
}

export interface RotationPlan {
  /** When the next key shall begin to sign, if one has to be made now. */
  readonly nextSignsFromMs: number | undefined;
  readonly remove: readonly string[];
}

/** What to do about the keys at this moment. */
export function planRotation(keys: readonly KeyTimes[], nowMs: number, times: RotationTimes): RotationPlan {
  const newestMs = Math.max(...keys.map(({ signsFromMs }) => signsFromMs));
  const remove = keys
    .filter(({ signsFromMs }) =>
      keys.some((later) => later.signsFromMs > signsFromMs && later.signsFromMs + times.keepMs <= nowMs),
    )
    .map(({ id }) => id);
  if (keys.length === 0) {
    // There is nobody yet who could have a token by another key.
    return { nextSignsFromMs: nowMs, remove };
  }
  const isDue = newestMs + times.rotateAfterMs - times.publishAheadMs <= nowMs;
  return { nextSignsFromMs: isDue ? nowMs + times.publishAheadMs : undefined, remove };
}

/** The key that signs now: the one that began last. */
export function signingKey<Key extends KeyTimes>(keys: readonly Key[], nowMs: number): Key | undefined {
  return keys
    .filter(({ signsFromMs }) => signsFromMs <= nowMs)
    .sort((a, b) => b.signsFromMs - a.signsFromMs)
    .at(0);
}

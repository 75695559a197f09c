/** Collects what has been started, so that it can be stopped in the reverse order. */
export interface StopList {
  /** Remembers how to stop something that has just been started. */
  add(name: string, stop: () => Promise<void> | void): void;
  /**
   * Stops everything, last started first. One that fails does not keep the others running.
   *
   * @throws AggregateError naming every part that could not be stopped.
   */
  stopAll(): Promise<void>;
}

export function createStopList(): StopList {
  const parts: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopEach(): Promise<void> {
    const errors: Error[] = [];
    for (const part of parts.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        errors.push(new Error(`${part.name} could not be stopped`, { cause: error }));
      }
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, errors.map((error) => error.message).join("; "));
    }
  }

  return {
    add(name, stop) {
      parts.push({ name, stop });
    },
    stopAll() {
      stopping ??= stopEach();
      return stopping;
    },
  };
}

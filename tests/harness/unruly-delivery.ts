import type { OutgoingRecord } from "@ordermesh/kafka/record";
import type { SeededRandom } from "@ordermesh/testkit/seeded-random";

/**
 * Delivers records as a relay and a cluster may that break down over and over: each one to five times, those of
 * different keys shuffled. The first sightings of one key keep their order; repeats come any time later, also after
 * records that are newer.
 *
 * @param records in the order in which they were first published.
 * @param timesMax how often a record comes at most.
 */
export function deliverUnruly(
  records: readonly OutgoingRecord[],
  random: SeededRandom,
  timesMax: (record: OutgoingRecord) => number,
): OutgoingRecord[] {
  const ofKey = new Map<string, OutgoingRecord[]>();
  for (const record of records) {
    const earlier = ofKey.get(record.key);
    if (earlier === undefined) {
      ofKey.set(record.key, [record]);
    } else {
      earlier.push(record);
    }
  }
  const queues = [...ofKey.values()].map((queue) => repeatWithin(queue, random, timesMax));
  const merged: OutgoingRecord[] = [];
  while (queues.length > 0) {
    const index = random.integer(0, queues.length - 1);
    const queue = queues[index] ?? [];
    const next = queue.shift();
    if (next === undefined) {
      queues.splice(index, 1);
    } else {
      merged.push(next);
    }
  }
  return merged;
}

/** The first sightings stand at 0, 1, 2 …, and each repeat somewhere behind its own. */
function repeatWithin(
  records: readonly OutgoingRecord[],
  random: SeededRandom,
  timesMax: (record: OutgoingRecord) => number,
): OutgoingRecord[] {
  const placed = records.flatMap((record, place) => {
    const repeats = Array.from({ length: random.integer(0, timesMax(record) - 1) }, () => ({
      record,
      place: place + (1 - random.next()) * (records.length - place),
    }));
    return [{ record, place }, ...repeats];
  });
  return placed.sort((a, b) => a.place - b.place).map(({ record }) => record);
}

/** Puts records at random places between others. */
export function mixIn(
  records: readonly OutgoingRecord[],
  others: readonly OutgoingRecord[],
  random: SeededRandom,
): OutgoingRecord[] {
  const mixed = [...records];
  for (const other of others) {
    mixed.splice(random.integer(0, mixed.length), 0, other);
  }
  return mixed;
}

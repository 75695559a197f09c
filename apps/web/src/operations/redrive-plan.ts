import type { DeadLetter } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";

/** What is sent back with one call: letters of one consumer group of one service. */
export interface RedriveStep {
  readonly service: string;
  readonly group: string;
  readonly topic: string;
  /** None: all that there are, also those that are not listed. */
  readonly ids: readonly string[];
  readonly count: number;
}

/** As many as one call takes. */
const idsMax = 500;

/** Tells letters of different services apart: their ids are of their service. */
export function letterKey({ service, record }: DeadLetter): string {
  return `${service} ${record?.id ?? ""}`;
}

/** The calls that send these letters back: one for each consumer group, and more for more than a call takes. */
export function redriveSteps(letters: readonly DeadLetter[]): readonly RedriveStep[] {
  const groups = new Map<string, { service: string; group: string; topic: string; ids: string[] }>();
  for (const { service, record } of letters) {
    if (record !== undefined) {
      const key = `${service} ${record.group} ${record.topic}`;
      const known = groups.get(key) ?? { service, group: record.group, topic: record.topic, ids: [] };
      known.ids.push(record.id);
      groups.set(key, known);
    }
  }
  return [...groups.values()].flatMap(({ ids, ...target }) =>
    Array.from({ length: Math.ceil(ids.length / idsMax) }, (_, part) => {
      const some = ids.slice(part * idsMax, (part + 1) * idsMax);
      return { ...target, ids: some, count: some.length };
    }),
  );
}

/** What is chosen by the filters of the page. */
export interface LetterFilter {
  readonly service: string;
  readonly group: string;
  /** In the reason, the type, the subject or the topic. */
  readonly text: string;
}

export function matchingLetters(letters: readonly DeadLetter[], filter: LetterFilter): readonly DeadLetter[] {
  const text = filter.text.trim().toLowerCase();
  return letters.filter(({ service, record }) => {
    const texts = [record?.reason, record?.eventType, record?.subject, record?.topic, record?.eventId];
    return (
      (filter.service === "" || service === filter.service) &&
      (filter.group === "" || record?.group === filter.group) &&
      (text === "" || texts.some((each) => each?.toLowerCase().includes(text)))
    );
  });
}

/** "OrderPaid" of "ordermesh.events.v1.OrderPaid". */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

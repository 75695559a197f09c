import { errorCodes } from "../wire/error-codes.ts";
import { type RecordBatchHeader, sequenceAfter } from "./record-batch.ts";

/** Apache Kafka remembers as many batches of each producer: an idempotent producer has at most five in flight. */
const batchesRemembered = 5;

/** The producer that has been silent for longest is forgotten first, so that memory stays bounded. */
const producersMax = 10_000;

interface ProducerState {
  readonly epoch: number;
  readonly recent: { baseSequence: number; lastSequence: number; baseOffset: bigint }[];
}

export type SequenceCheck =
  | { readonly kind: "next" }
  | { readonly kind: "duplicate"; readonly baseOffset: bigint }
  | {
      readonly kind: "refused";
      readonly error: typeof errorCodes.outOfOrderSequence | typeof errorCodes.invalidProducerEpoch;
    };

/** Knows, for one partition, the last sequence numbers of each idempotent producer. */
export interface ProducerSequences {
  check(header: RecordBatchHeader): SequenceCheck;
  /** Remembers an appended batch. Called for every batch of the log when it is recovered. */
  remember(header: RecordBatchHeader): void;
}

export function createProducerSequences(): ProducerSequences {
  const producers = new Map<bigint, ProducerState>();

  return {
    check(header) {
      const state = producers.get(header.producerId);
      if (header.producerId < 0n || state === undefined) {
        return { kind: "next" };
      }
      if (header.producerEpoch < state.epoch) {
        return { kind: "refused", error: errorCodes.invalidProducerEpoch };
      }
      if (header.producerEpoch > state.epoch) {
        return header.baseSequence === 0 ? { kind: "next" } : outOfOrder;
      }
      const duplicate = state.recent.find(
        (batch) => batch.baseSequence === header.baseSequence && batch.lastSequence === header.lastSequence,
      );
      if (duplicate !== undefined) {
        return { kind: "duplicate", baseOffset: duplicate.baseOffset };
      }
      const expected = sequenceAfter(state.recent.at(-1)!.lastSequence, 1);
      return header.baseSequence === expected ? { kind: "next" } : outOfOrder;
    },
    remember(header) {
      if (header.producerId < 0n) {
        return;
      }
      const known = producers.get(header.producerId);
      const state =
        known?.epoch === header.producerEpoch ? known : { epoch: header.producerEpoch, recent: [] };
      const { baseSequence, lastSequence, baseOffset } = header;
      state.recent.push({ baseSequence, lastSequence, baseOffset });
      if (state.recent.length > batchesRemembered) {
        state.recent.shift();
      }
      // Deleting first moves the producer to the end of the map's order, which is the order of forgetting.
      producers.delete(header.producerId);
      producers.set(header.producerId, state);
      if (producers.size > producersMax) {
        producers.delete(producers.keys().next().value!);
      }
    },
  };
}

const outOfOrder: SequenceCheck = { kind: "refused", error: errorCodes.outOfOrderSequence };

/** How much each section does. */
export interface Sizes {
  readonly rounds: number;
  /** Of one load of one variant in one round. */
  readonly sliceMs: number;
  /** Concurrent calls over gRPC. */
  readonly concurrencies: readonly number[];
  /** How long the purchase path is loaded before it is measured. */
  readonly purchaseWarmUpMs: number;
  /** How long services are left alone before their memory is read. */
  readonly idleMs: number;
  /** Orders that are created to be paid or canceled, in one round. */
  readonly ordersToChange: number;
  /** The same for the yardstick, which is many times slower. */
  readonly ordersToChangeSingly: number;
  /** Events in the outbox before it is drained. */
  readonly eventsToDrain: number;
  readonly eventLatencySeconds: number;
  readonly eventLatencyWarmUpSeconds: number;
  readonly eventLatencyOrdersPerSecond: number;
  /** Orders in the database before creating is measured. */
  readonly fewOrders: number;
  readonly manyOrders: number;
  /** Orders that an action pays, in one round. */
  readonly ordersToAct: number;
  /** Timers that wait while some of them fire. */
  readonly openTimers: number;
  /** In one round. */
  readonly timersToFire: number;
  /** Looks for due timers when there is none, in one round. */
  readonly timerPolls: number;
  /** Streams at one process of tables, over all sessions. */
  readonly tableWatchers: number;
  /** Over how many sessions they are spread, once each. */
  readonly watchedSessions: readonly number[];
  readonly changesPerSecond: number;
  readonly watchedSeconds: number;
}

/** `npm run bench`: about ten minutes on two cores. */
export const fullSizes: Sizes = {
  rounds: 3,
  sliceMs: 1_000,
  concurrencies: [1, 16, 64, 256],
  purchaseWarmUpMs: 20_000,
  idleMs: 15_000,
  ordersToChange: 6_000,
  ordersToChangeSingly: 1_000,
  eventsToDrain: 40_000,
  eventLatencySeconds: 20,
  eventLatencyWarmUpSeconds: 5,
  eventLatencyOrdersPerSecond: 1_000,
  fewOrders: 10_000,
  manyOrders: 1_000_000,
  ordersToAct: 2_500,
  openTimers: 1_000_000,
  timersToFire: 4_000,
  timerPolls: 1_000,
  tableWatchers: 2_000,
  watchedSessions: [40, 400],
  changesPerSecond: 100,
  watchedSeconds: 20,
};

/** Inside `npm test`: shows that every section works. Its figures mean nothing. */
export const smokeSizes: Sizes = {
  rounds: 1,
  sliceMs: 100,
  concurrencies: [16],
  purchaseWarmUpMs: 100,
  idleMs: 0,
  ordersToChange: 40,
  ordersToChangeSingly: 20,
  eventsToDrain: 1_000,
  eventLatencySeconds: 1,
  eventLatencyWarmUpSeconds: 1,
  eventLatencyOrdersPerSecond: 50,
  fewOrders: 100,
  manyOrders: 1_000,
  ordersToAct: 40,
  openTimers: 1_000,
  timersToFire: 100,
  timerPolls: 20,
  tableWatchers: 40,
  watchedSessions: [4],
  changesPerSecond: 20,
  watchedSeconds: 2,
};

/** Where the events of this service go. The number of partitions is fixed: another one would break the order per key. */
export const tablesTopic = { name: "tables.events.v1", partitions: 12 } as const;

/** What this service reads, with the partitions that their services gave them. */
export const ordersTopic = { name: "orders.events.v1", partitions: 12 } as const;
export const paymentsTopic = { name: "payments.events.v1", partitions: 12 } as const;

/** Whose offsets and inbox rows are this service's. */
export const ordersGroup = "tables";
export const paymentsGroup = "tables.payment-events";

import { Failure } from "@ordermesh/failure/failure";
import type { Database } from "@ordermesh/postgres/database";
import type { Delivery } from "./domain/notification.ts";
import { findDelivery, restartDelivery } from "./sql/delivery-log.ts";

/**
 * Delivers a message again, whatever became of it before.
 *
 * @throws Failure `not_found`, or `failed_precondition` while it is being tried.
 */
export async function resendDelivery(database: Database, id: bigint): Promise<Delivery> {
  return await database.transaction(async (tx) => {
    const restarted = await restartDelivery(tx, id);
    const delivery = await findDelivery(tx, id);
    if (delivery === undefined) {
      throw new Failure("not_found", `There is no delivery ${id}.`, { reason: "DELIVERY_NOT_FOUND" });
    }
    if (!restarted) {
      throw new Failure(
        "failed_precondition",
        "The delivery is being tried at this moment. Look how that ends.",
        {
          reason: "DELIVERY_IN_HAND",
          retryAfterMs: 5_000,
        },
      );
    }
    return delivery;
  });
}

import type { DurationName } from "./names.ts";

/** Those that are configured. The others end at a time that the order itself has. */
export type ConfiguredDuration = Exclude<DurationName, "payment_window" | "voucher_validity">;

/** In milliseconds. */
export type Durations = Readonly<Record<ConfiguredDuration, number>>;

export type DurationProfile = "production" | "demo";

const secondMs = 1_000;
const dayMs = 24 * 60 * 60 * secondMs;

/** How long timers wait: as Easy Order had it, in production and for showing it to somebody. */
export const durationProfiles: Readonly<Record<DurationProfile, Durations>> = {
  production: {
    seller_response: 3 * dayMs,
    buyer_response: 3 * dayMs,
    reception_confirmation: 15 * dayMs,
    extension_opens: 7 * dayMs,
    extension_length: 3 * dayMs,
    refund_request_window: 7 * dayMs,
    delivery: 60 * secondMs,
  },
  demo: {
    seller_response: 120 * secondMs,
    buyer_response: 120 * secondMs,
    reception_confirmation: 120 * secondMs,
    extension_opens: 60 * secondMs,
    extension_length: 20 * secondMs,
    refund_request_window: 120 * secondMs,
    delivery: 60 * secondMs,
  },
};

export const configuredDurations = Object.keys(durationProfiles.production) as readonly ConfiguredDuration[];

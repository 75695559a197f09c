const firstMs = 250;
const mostMs = 5_000;

/**
 * How long to wait before the next try: twice as long each time, up to five seconds, less up to half of it by chance, so
 * that a thousand pages do not come back in the same moment.
 *
 * @param attempt 0 for the first try after something broke.
 * @param chance from 0 to 1.
 */
export function retryDelayMs(attempt: number, chance: number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 10));
  return Math.round(whole * (1 - chance / 2));
}

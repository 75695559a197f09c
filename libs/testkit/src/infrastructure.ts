import { inject } from "vitest";

/** Addresses of the broker of this test run. */
export function kafkaBrokers(): string[] {
  return inject("kafkaBrokers").split(",");
}

/** Address of the PostgreSQL server of this test run, with its database `postgres`. */
export function postgresUrl(): string {
  return inject("postgresUrl");
}

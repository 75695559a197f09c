/** Addresses of a broker that is there already, or undefined: then the suite starts devkafka. */
export function readBrokers(): string[] | undefined {
  return process.env.KAFKA_BROKERS?.split(",").map((address) => address.trim());
}

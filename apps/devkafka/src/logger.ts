/** What the broker needs of a logger. The one of libs/telemetry fits. */
export interface DevkafkaLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const silentLogger: DevkafkaLogger = { info() {}, warn() {} };

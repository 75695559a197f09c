/** The arguments of the server program: ours, with the settings of the caller over them. */
export function serverOptions(
  dataDirectory: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): readonly string[] {
  const merged = { ...defaultSettings, ...settings, port: String(port) };
  return [
    "-D",
    dataDirectory,
    ...Object.entries(merged).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

const defaultSettings = {
  listen_addresses: "127.0.0.1",
  // No socket files: their folder may not be writable, and their path has a length limit of about 100 characters.
  unix_socket_directories: "",
  // So that a user may point Debezium at an outbox.
  wal_level: "logical",
  max_connections: "300",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  timezone: "UTC",
  log_timezone: "UTC",
  // The programs come without LLVM.
  jit: "off",
} as const;

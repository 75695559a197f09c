// The image's health check: asks the service in this container whether it is ready, and ends with 0 if it is. The slim
// image has no curl.
import { env } from "node:process";

const ports = {
  loms: 50051,
  checkout: 50052,
  product: 50053,
  payments: 50054,
  notifications: 50055,
  tables: 50056,
  identity: 50057,
  verify: 50058,
  gateway: 8080,
};
const service = env.SERVICE ?? "";
const port = env[`${service.toUpperCase()}_PORT`] ?? ports[service];

try {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(3_000) });
  process.stdout.write(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`${service} does not answer on port ${port}: ${error.cause?.code ?? error.name}\n`);
  process.exitCode = 1;
}

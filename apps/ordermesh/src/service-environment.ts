import type { MeshConfig } from "./config.ts";
import type { MeshKeys } from "./mesh-keys.ts";
import type { ProgramAddresses } from "./ports.ts";
import type { Service } from "./programs.ts";

/** What is settled about a mesh before its services start. */
export interface SettledMesh {
  readonly config: MeshConfig;
  readonly addresses: ProgramAddresses;
  readonly databaseUrls: Readonly<Record<string, string>>;
  readonly kafkaBrokers: string | undefined;
  readonly keys: MeshKeys;
}

/** What a service finds in its environment: what the user has set, and ours where nothing is set. */
export function serviceEnvironment(service: Service, mesh: SettledMesh): Record<string, string | undefined> {
  const { config, addresses, databaseUrls, kafkaBrokers, keys } = mesh;
  const { host, port } = addresses.get(service.name)!;
  // One that does not run here may run beside us, where it usually is.
  const addressOf = (name: string) => {
    const standard = config.addresses[name];
    return addresses.get(name)?.target ?? (standard && `127.0.0.1:${standard.port}`);
  };
  const upstreams = Object.entries(service.upstreams).map(([variable, name]) => [variable, addressOf(name)]);
  const identity = addressOf("identity");
  const gateway = addressOf("gateway");
  return {
    ...Object.fromEntries(upstreams),
    ...service.settings,
    SERVICE_KEYS_FILE: keys.publicKeysFile,
    SERVICE_KEY_FILE: keys.privateKeyFiles[service.name],
    IDENTITY_KEY_ENCRYPTION_KEY_FILE: keys.keyEncryptionKeyFile,
    VOUCHER_KEY_FILE: keys.voucherKeyFile,
    GATEWAY_KEY_FILE: keys.gatewayKeyFile,
    TABLES_KEY_FILE: keys.tablesKeyFile,
    ...(gateway !== undefined && { PUBLIC_URL: `http://${gateway}` }),
    ...(identity !== undefined && { IDENTITY_JWKS_URL: `http://${identity}/.well-known/jwks.json` }),
    ...config.environment,
    [service.hostVariable]: host,
    [service.port.variable]: String(port),
    [service.databaseVariable]: databaseUrls[service.name],
    ...(kafkaBrokers === undefined ? {} : { KAFKA_BROKERS: kafkaBrokers }),
    LOG_FORMAT: "json",
  };
}

import { readCheckoutConfig } from "@ordermesh/app-checkout/config";
import { readGatewayConfig } from "@ordermesh/app-gateway/config";
import { readIdentityConfig } from "@ordermesh/app-identity/config";
import { readLomsConfig } from "@ordermesh/app-loms/config";
import { readNotificationsConfig } from "@ordermesh/app-notifications/config";
import { readPaymentsConfig } from "@ordermesh/app-payments/config";
import { readProductConfig } from "@ordermesh/app-product/config";
import { readTablesConfig } from "@ordermesh/app-tables/config";

type Environment = Readonly<Record<string, string | undefined>>;

const readers = new Map<string, (environment: Environment) => { readonly port: number }>([
  ["loms", readLomsConfig],
  ["checkout", readCheckoutConfig],
  ["product", readProductConfig],
  ["payments", readPaymentsConfig],
  ["notifications", readNotificationsConfig],
  ["tables", readTablesConfig],
  ["identity", readIdentityConfig],
  ["gateway", readGatewayConfig],
]);

/**
 * Reads an environment as the service itself does when it starts.
 *
 * @returns also which of the variables the service never looked at: they are misspelt, or for nobody.
 * @throws ConfigError that names what is missing or malformed.
 */
export function readServiceConfig(service: string, environment: Readonly<Record<string, string>>) {
  const looked = new Set<string | symbol>();
  // The files that are read together with the configuration, and are not there.
  const inPlaceOfFiles = Object.fromEntries(
    ["IDENTITY_KEY_ENCRYPTION_KEY", "VOUCHER_KEY", "GATEWAY_KEY", "TABLES_KEY"]
      .filter((name) => environment[`${name}_FILE`] !== undefined)
      .map((name) => [name, Buffer.alloc(32).toString("base64")]),
  );
  const watched = new Proxy<Readonly<Record<string, string>>>(
    { ...environment, ...inPlaceOfFiles },
    {
      get(target, variable) {
        looked.add(variable);
        return target[variable as string];
      },
    },
  );
  const read = readers.get(service);
  if (read === undefined) {
    throw new Error(`There is no service ${service}.`);
  }
  const config = read(watched);
  // An empty variable counts as absent, and may belong to something that another one switches on.
  const unread = Object.keys(environment).filter(
    (variable) => !looked.has(variable) && environment[variable] !== "",
  );
  return { config, unread };
}

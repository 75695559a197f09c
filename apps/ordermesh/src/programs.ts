import { join } from "node:path";
import { checkoutFolder } from "./checkout-folder.ts";
import { demoPassword, demoUsers } from "./demo-users.ts";

/** A program of the mesh as the supervisor starts it. */
export interface Program {
  readonly name: string;
  /** The JavaScript file that Node runs. */
  readonly entry: string;
  readonly port: PortSetting;
  /** Names the address that it listens on. */
  readonly hostVariable: string;
}

/** A service: a program with what it depends on. */
export interface Service extends Program {
  /** Names the address of its database. On the embedded server the database is called like the service. */
  readonly databaseVariable: string;
  readonly usesKafka: boolean;
  /** Variables that name the addresses of other services, and which service each means. */
  readonly upstreams: Readonly<Record<string, string>>;
  /** Variables that make it what a mesh on one machine needs, where the user has set nothing else. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A port, and the variable that changes it. */
export interface PortSetting {
  readonly variable: string;
  readonly standard: number;
}

/** As in miniZON, where nobody had to say who they were: on one machine, and nowhere else. */
const openToMinizonClients = { MINIZON_OPEN: "1" };

/** As in ordered-online, where whoever knew a session's code could order and close it: on one machine, and nowhere else. */
const openToOrderedOnlineClients = { ORDERED_ONLINE_OPEN: "1" };

/** Tries at passwords and codes count by the address that the gateway names, and not as the gateway's own. */
const behindOurGateway = { TRUSTED_PROXIES: "127.0.0.1,::1" };

const entryOf = (app: string) => join(checkoutFolder, "apps", app, "dist", "main.js");

/** The map of the system: what runs, where, and what it needs. Printed in this order; started at the same time. */
export const services: readonly Service[] = [
  {
    name: "loms",
    entry: entryOf("loms"),
    port: { variable: "LOMS_PORT", standard: 50051 },
    hostVariable: "LOMS_HOST",
    databaseVariable: "LOMS_DATABASE_URL",
    usesKafka: true,
    upstreams: {},
    settings: { ...openToMinizonClients, WORKFLOW_TIMERS: "demo" },
  },
  {
    name: "checkout",
    entry: entryOf("checkout"),
    port: { variable: "CHECKOUT_PORT", standard: 50052 },
    hostVariable: "CHECKOUT_HOST",
    databaseVariable: "CHECKOUT_DATABASE_URL",
    usesKafka: false,
    upstreams: { LOMS_ADDRESS: "loms", PRODUCT_ADDRESS: "product" },
    settings: openToMinizonClients,
  },
  {
    name: "product",
    entry: entryOf("product"),
    port: { variable: "PRODUCT_PORT", standard: 50053 },
    hostVariable: "PRODUCT_HOST",
    databaseVariable: "PRODUCT_DATABASE_URL",
    usesKafka: false,
    upstreams: {},
  },
  {
    name: "payments",
    entry: entryOf("payments"),
    port: { variable: "PAYMENTS_PORT", standard: 50054 },
    hostVariable: "PAYMENTS_HOST",
    databaseVariable: "PAYMENTS_DATABASE_URL",
    usesKafka: true,
    upstreams: {},
  },
  {
    name: "notifications",
    entry: entryOf("notifications"),
    port: { variable: "NOTIFICATIONS_PORT", standard: 50055 },
    hostVariable: "NOTIFICATIONS_HOST",
    databaseVariable: "NOTIFICATIONS_DATABASE_URL",
    usesKafka: true,
    upstreams: {},
  },
  {
    name: "tables",
    entry: entryOf("tables"),
    port: { variable: "TABLES_PORT", standard: 50056 },
    hostVariable: "TABLES_HOST",
    databaseVariable: "TABLES_DATABASE_URL",
    usesKafka: true,
    upstreams: { LOMS_ADDRESS: "loms", PRODUCT_ADDRESS: "product", PAYMENTS_ADDRESS: "payments" },
    settings: behindOurGateway,
  },
  {
    name: "identity",
    entry: entryOf("identity"),
    port: { variable: "IDENTITY_PORT", standard: 50057 },
    hostVariable: "IDENTITY_HOST",
    databaseVariable: "IDENTITY_DATABASE_URL",
    usesKafka: false,
    upstreams: {},
    settings: {
      // Everybody knows their password, so they are for this machine only.
      IDENTITY_DEMO_USERS: "true",
      ...behindOurGateway,
    },
  },
  {
    name: "gateway",
    entry: entryOf("gateway"),
    port: { variable: "GATEWAY_PORT", standard: 8080 },
    hostVariable: "GATEWAY_HOST",
    databaseVariable: "GATEWAY_DATABASE_URL",
    usesKafka: false,
    upstreams: {
      LOMS_ADDRESS: "loms",
      CHECKOUT_ADDRESS: "checkout",
      PRODUCT_ADDRESS: "product",
      PAYMENTS_ADDRESS: "payments",
      NOTIFICATIONS_ADDRESS: "notifications",
      IDENTITY_ADDRESS: "identity",
      TABLES_ADDRESS: "tables",
    },
    settings: {
      ...openToOrderedOnlineClients,
      // For the page on which somebody signs in with one click.
      GATEWAY_DEMO_USERS: demoUsers.map((name) => `${name}:${name.replace(/\d+$/, "")}`).join(","),
      GATEWAY_DEMO_PASSWORD: demoPassword,
    },
  },
];

/** The broker that runs when KAFKA_BROKERS names no other. */
export const broker: Program = {
  name: "devkafka",
  entry: entryOf("devkafka"),
  port: { variable: "DEVKAFKA_PORT", standard: 9092 },
  hostVariable: "DEVKAFKA_HOST",
};

/** The embedded server that holds the databases for which no address is given. */
export const postgresPort: PortSetting = { variable: "POSTGRES_PORT", standard: 54329 };

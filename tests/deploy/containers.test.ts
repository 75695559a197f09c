import { readInstallation } from "@ordermesh/ordermesh/installation-config";
import { services } from "@ordermesh/ordermesh/programs";
import { describe, expect, test } from "vitest";
import { readText, readYaml } from "./files.ts";
import { readServiceConfig } from "./service-config.ts";

/**
 * What can be checked of the image, compose.yaml and the manifests without a container engine: mostly that they agree
 * with the source and with each other.
 */

const serviceNames = services.map(({ name }) => name);
const portOf = new Map(services.map(({ name, port }) => [name, port.standard]));
/** Also of what is no service, but is called by one. */
const serverPortOf = new Map([...portOf, ["verify", readInstallation({}).verifier.port]]);
const dockerfile = readText("Dockerfile");
const imageUser = /^USER (\d+):(\d+)$/m.exec(dockerfile.split(/^FROM /m).at(-1) ?? "");

describe("Dockerfile", () => {
  test("installs with the pnpm that the workspace is pinned to", () => {
    const { packageManager } = JSON.parse(readText("package.json")) as { packageManager: string };
    const versions = [...dockerfile.matchAll(/pnpm@[\d.]+/g)].map(([version]) => version);

    expect(versions.length).toBeGreaterThan(0);
    expect(new Set(versions)).toEqual(new Set([packageManager]));
  });

  test("runs Node itself as an unprivileged user who is named by number", () => {
    expect(Number(imageUser?.[1])).toBeGreaterThan(0);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["node", .*"dist\/main\.js"\]$/m);
    expect(dockerfile).not.toMatch(/^(CMD|ENTRYPOINT) [^[]/m);
    expect(dockerfile).toMatch(/NODE_IMAGE=node:20\.(19|[2-9]\d)\.\d+-\w+-slim$/m);
  });

  test("checks health on each service's own port", () => {
    expect(dockerfile).toMatch(/HEALTHCHECK (.*\\\n)*\s+CMD \["node", "\/app\/healthcheck\.mjs"\]/);
    const table = /ports = \{([^}]+)\}/.exec(readText("deploy/container/healthcheck.mjs"))?.[1] ?? "";
    const ports = [...table.matchAll(/(\w+): (\d+)/g)].map(([, name, port]) => [name, Number(port)]);

    expect(new Map(ports as [string, number][])).toEqual(serverPortOf);
  });

  test("gets what it copies: the ignore file keeps nothing back that the build needs", () => {
    const lines = readText(".dockerignore").split("\n");
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
      paths!.split(" "),
    );

    expect(sources).toContain("deploy/container/healthcheck.mjs");
    const isKept = (path: string) =>
      path === "." || lines.some((line) => `${path}/`.startsWith(`${line.slice(1)}/`));
    expect(sources.filter((path) => !isKept(path))).toEqual([]);
    expect(lines).toEqual(
      expect.arrayContaining(["*", "**/node_modules", "**/dist", "proto/gen", "**/.env*"]),
    );
  });
});

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly build?: { readonly args: { readonly SERVICE: string } };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly volumes?: readonly string[];
}

/** As Compose fills it in where no variable is set. */
function withDefaults(environment: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([variable, value]) => [
      variable,
      String(value).replace(/\$\{\w+:-([^}]*)\}/g, "$1"),
    ]),
  );
}

describe("compose.yaml", () => {
  const { services: containers, volumes } = readYaml<{
    services: Readonly<Record<string, ComposeService>>;
    volumes: Readonly<Record<string, unknown>>;
  }>("compose.yaml");
  const all = Object.entries(containers);

  test("has the services and all that they need", () => {
    const others = ["postgres", "kafka", "jaeger", "prometheus", "alertmanager", "grafana"];
    expect(Object.keys(containers)).toEqual(expect.arrayContaining([...serviceNames, ...others]));
  });

  test.each(all)("%s has a health check", (_, { build, healthcheck, restart }) => {
    if (restart === "no") {
      // A command that runs and ends.
      expect(healthcheck?.disable).toBe(true);
    } else if (build !== undefined) {
      // The image's own.
      expect(healthcheck).toBeUndefined();
    } else {
      expect(healthcheck?.test?.[0]).toBe("CMD");
    }
  });

  test.each(all)("%s is pinned, and reachable from this machine only", (_, { image, build, ports = [] }) => {
    expect(image).toMatch(build === undefined ? /:v?\d+\.\d+(\.\d+)?(-\w+)?$/ : /^ordermesh\/\w+:\$\{/);
    for (const port of ports) {
      expect(port).toMatch(/^\$\{BIND_ADDRESS:-127\.0\.0\.1\}:\d+:\d+$/);
    }
  });

  test.each(services)(
    "$name is built, published and configured as its source says",
    ({ name, databaseVariable }) => {
      const { build, ports, environment = {}, read_only, cap_drop, depends_on } = containers[name]!;
      const port = portOf.get(name);

      expect(build?.args.SERVICE).toBe(name);
      expect(ports).toEqual([`\${BIND_ADDRESS:-127.0.0.1}:${port}:${port}`]);
      const { config, unread } = readServiceConfig(name, withDefaults(environment));
      expect(unread).toEqual([]);
      expect(config.port).toBe(port);
      expect(environment[databaseVariable]).toMatch(
        new RegExp(`^postgres://${name}:\\$\\{.+\\}@postgres:5432/${name}$`),
      );
      expect(read_only).toBe(true);
      expect(cap_drop).toEqual(["ALL"]);
      const { keys, ...others } = depends_on ?? {};
      expect(keys?.condition).toBe("service_completed_successfully");
      expect(Object.values(others).every(({ condition }) => condition === "service_healthy")).toBe(true);
    },
  );

  test("the command line is told where everything is", () => {
    const installation = readInstallation(withDefaults(containers.ordermesh?.environment ?? {}));

    expect(installation.addresses).toEqual(
      Object.fromEntries(
        // It calls the services themselves, and nothing through the gateway.
        services
          .filter(({ name }) => name !== "gateway")
          .map(({ name, port }) => [name, `${name}:${port.standard}`]),
      ),
    );
    expect(installation.serviceKey).toEqual({ file: "/keys/ordermesh.key.json" });
    expect(installation.kafkaBrokers).toEqual([containers.loms?.environment?.KAFKA_BROKERS]);
    for (const [name, url] of Object.entries(installation.databases)) {
      expect(new URL(url), name).toMatchObject({
        host: "postgres:5432",
        pathname: `/${name}`,
        username: name,
      });
    }
  });

  test("verifications are served to the gateway, by who may read every database and is reached by nobody else", () => {
    const { verify, gateway, ordermesh } = containers;
    const environment = withDefaults(verify?.environment ?? {});
    const { verifier, databases, kafkaBrokers, addresses } = readInstallation(environment);
    expect(verify).toMatchObject({ command: ["verify", "--serve"], read_only: true, cap_drop: ["ALL"] });
    expect(verify?.build?.args.SERVICE).toBe("ordermesh");
    expect(verify?.ports).toBeUndefined();
    expect(verify?.volumes).toBeUndefined();
    // The image's health check looks it up by this.
    expect(environment.SERVICE).toBe("verify");
    expect(withDefaults(gateway?.environment ?? {}).VERIFY_ADDRESS).toBe(`verify:${verifier.port}`);
    const ofCommandLine = readInstallation(withDefaults(ordermesh?.environment ?? {}));
    expect({ databases, kafkaBrokers }).toEqual({
      databases: ofCommandLine.databases,
      kafkaBrokers: ofCommandLine.kafkaBrokers,
    });
    expect(addresses.identity).toBe(ofCommandLine.addresses.identity);
  });

  test("guests' links and the gateway's cookies agree on where browsers are", () => {
    const [links, cookies] = ["tables", "gateway"].map(
      (name) => withDefaults(containers[name]?.environment ?? {}).PUBLIC_URL,
    );
    expect([links, cookies]).toEqual(["http://127.0.0.1:8080", "http://127.0.0.1:8080"]);
  });

  test("keys are made before anything starts, and each service is given its own", () => {
    const { keys } = containers;
    expect(keys).toMatchObject({ command: ["keys", "/keys"], volumes: ["keys:/keys"] });
    for (const name of serviceNames) {
      const { environment = {}, volumes: mounts } = containers[name]!;
      expect(mounts, name).toEqual(["keys:/keys:ro"]);
      const readsCodes = ["loms", "notifications"].includes(name);
      expect(environment.VOUCHER_KEY_FILE, name).toBe(readsCodes ? "/keys/voucher.key" : undefined);
      const tablesKey = name === "tables" ? "/keys/table-links.key" : undefined;
      expect(environment.TABLES_KEY_FILE, name).toBe(tablesKey);
      const gatewayKey = name === "gateway" ? "/keys/gateway-idempotency.key" : undefined;
      expect(environment.GATEWAY_KEY_FILE, name).toBe(gatewayKey);
      if (name === "identity") {
        expect(environment.IDENTITY_KEY_ENCRYPTION_KEY_FILE).toBe("/keys/identity-encryption.key");
      } else {
        expect(environment, name).toMatchObject({
          SERVICE_KEYS_FILE: "/keys/service-keys.json",
          SERVICE_KEY_FILE: `/keys/${name}.key.json`,
          IDENTITY_JWKS_URL: `http://identity:${portOf.get("identity")}/.well-known/jwks.json`,
        });
      }
    }
    // An empty volume takes its owner from the image.
    expect(dockerfile).toMatch(
      new RegExp(`^RUN install -d -o ${imageUser?.[1]} -g ${imageUser?.[2]} .* /keys$`, "m"),
    );
  });

  test("no one knows a password of its users, unless that is wished", () => {
    const environment = withDefaults(containers.identity?.environment ?? {});
    expect(environment.IDENTITY_DEMO_USERS).toBe("false");
    for (const name of ["loms", "checkout"]) {
      expect(withDefaults(containers[name]?.environment ?? {}).MINIZON_OPEN, name).toBe("0");
    }
  });

  test("services find each other under the names and ports that there are", () => {
    for (const [name, { environment = {} }] of all) {
      for (const [variable, value] of Object.entries(environment)) {
        const target = /^([A-Z]+)_ADDRESS$/.exec(variable)?.[1]?.toLowerCase();
        if (target !== undefined) {
          expect(value, `${variable} of ${name}`).toBe(`${target}:${serverPortOf.get(target)}`);
        }
      }
    }
    const listeners = String(containers.kafka?.environment?.KAFKA_ADVERTISED_LISTENERS);
    expect(listeners).toContain(`//${containers.loms?.environment?.KAFKA_BROKERS}`);
    expect(containers.notifications?.environment?.KAFKA_BROKERS).toBe(
      containers.loms?.environment?.KAFKA_BROKERS,
    );
  });

  test("every variable has a default, and every password is one", () => {
    const text = readText("compose.yaml");
    const variables = [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, variable]) => variable!);
    const passwords = [...text.matchAll(/^\s+\w*PASSWORD: (.+)$/gm)].map(([, value]) => value!);

    expect(variables.length).toBeGreaterThan(10);
    expect(variables.filter((variable) => !/^[A-Z_]+:-/.test(variable))).toEqual([]);
    expect(passwords.length).toBeGreaterThan(2);
    expect(passwords.filter((value) => !/^\$\{\w+:-local-only\}$/.test(value))).toEqual([]);
  });

  test("what has to survive a restart lies in a named volume", () => {
    const used = all.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(":")[0]!);
    const named = used.filter((source) => /^\w+$/.test(source));

    expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
    expect(named).toEqual(expect.arrayContaining(["postgres", "kafka"]));
    // Where version 18 of the image keeps its data; the former place would lose it with the container.
    expect(containers.postgres?.volumes).toContain("postgres:/var/lib/postgresql");
  });
});

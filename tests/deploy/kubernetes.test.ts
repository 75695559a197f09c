import { readInstallation } from "@ordermesh/ordermesh/installation-config";
import { services } from "@ordermesh/ordermesh/programs";
import { describe, expect, test } from "vitest";
import { readText, readYaml, readYamlDocuments } from "./files.ts";
import { findTool } from "./installed-tool.ts";
import { readServiceConfig } from "./service-config.ts";

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: object;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Deployment {
  readonly kind: "Deployment";
  readonly spec: {
    readonly replicas: number;
    readonly minReadySeconds: number;
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly automountServiceAccountToken: boolean;
        readonly securityContext: object;
        readonly containers: readonly [Container];
      };
    };
  };
}

interface HeadlessService {
  readonly kind: "Service";
  readonly spec: { readonly clusterIP: string; readonly selector: object; readonly ports: readonly object[] };
}

interface DisruptionBudget {
  readonly kind: "PodDisruptionBudget";
  readonly spec: { readonly minAvailable: number; readonly selector: { readonly matchLabels: object } };
}

/** A key of 32 bytes, a password, a document: as far as a service's configuration looks at them. */
const valueOfSecret = Buffer.alloc(32).toString("base64");

/** What a service is given besides the address of its database. Its own private key, and nobody else's. */
function secretsOf(service: string) {
  const secret = (name: string, from: string, key: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: from, key } },
  });
  return service === "identity"
    ? [
        secret("IDENTITY_KEY_ENCRYPTION_KEY", "ordermesh-identity", "key-encryption-key"),
        secret("IDENTITY_OPERATOR_PASSWORD", "ordermesh-identity", "operator-password"),
      ]
    : [
        secret("SERVICE_KEYS", "ordermesh-service-keys", "service-keys"),
        secret("SERVICE_KEY", "ordermesh-service-keys", service),
        ...(["loms", "notifications"].includes(service)
          ? [secret("VOUCHER_KEY", "ordermesh-vouchers", "voucher-key")]
          : []),
        ...(service === "tables" ? [secret("TABLES_KEY", "ordermesh-tables", "tables-key")] : []),
        ...(service === "gateway" ? [secret("GATEWAY_KEY", "ordermesh-gateway", "gateway-key")] : []),
      ];
}

const kustomization = readYaml<{
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
  readonly configMapGenerator: readonly [{ readonly name: string; readonly literals: readonly string[] }];
}>("deploy/kubernetes/kustomization.yaml");

describe.each(services)("the manifests of $name", ({ name, port, databaseVariable, upstreams }) => {
  const documents = readYamlDocuments(`deploy/kubernetes/${name}.yaml`);
  const [deployment, service, budget] = documents as [Deployment, HeadlessService, DisruptionBudget];
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  const label = { "app.kubernetes.io/name": name };

  test("are a deployment, a headless service and a disruption budget for the same pods", () => {
    expect(documents).toMatchObject([
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name } },
      { apiVersion: "v1", kind: "Service", metadata: { name } },
      { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name } },
    ]);
    expect(deployment.spec.selector.matchLabels).toEqual(label);
    expect(deployment.spec.template.metadata.labels).toMatchObject({
      ...label,
      "app.kubernetes.io/part-of": "ordermesh",
    });
    expect(service.spec).toMatchObject({ clusterIP: "None", selector: label });
    expect(budget.spec).toEqual({ minAvailable: 1, selector: { matchLabels: label } });
    expect(deployment.spec.replicas).toBeGreaterThan(budget.spec.minAvailable);
    expect(kustomization.resources).toContain(`${name}.yaml`);
  });

  test("use the service's port, and the probes that it answers", () => {
    expect(container.ports).toEqual([{ name: "rpc", containerPort: port.standard }]);
    expect(service.spec.ports).toMatchObject([{ name: "rpc", port: port.standard, targetPort: "rpc" }]);
    expect(container.livenessProbe.httpGet).toEqual({ path: "/livez", port: "rpc" });
    expect(container.readinessProbe.httpGet).toEqual({ path: "/readyz", port: "rpc" });
  });

  test("leave the process no right that it does not need", () => {
    const user = Number(/^USER (\d+):/m.exec(readText("Dockerfile"))?.[1]);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: user,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container.resources).toMatchObject({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  });

  test("give it the time to drain that it takes for itself", () => {
    const ownLimitMs = Number(
      /stopTimeoutMs: ([\d_]+)/.exec(readText(`apps/${name}/src/main.ts`))?.[1]?.replace("_", ""),
    );
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(ownLimitMs);
  });

  test("replace pods more slowly than clients learn of new ones", () => {
    // DNS answers are cached for 30 s as clusters come, and a client asks at most every 5 s.
    expect(deployment.spec.minReadySeconds).toBeGreaterThanOrEqual(35);
  });

  test("configure it with variables that it reads, its database's address as a secret", () => {
    const [{ name: configMap, literals }] = kustomization.configMapGenerator;
    const settings = new Map(literals.map((literal) => literal.split(/=(.*)/s, 2) as [string, string]));
    expect(container.envFrom).toEqual([{ configMapRef: { name: configMap } }]);
    expect(container.env).toEqual([
      { name: databaseVariable, valueFrom: { secretKeyRef: { name: "ordermesh-databases", key: name } } },
      ...secretsOf(name),
    ]);
    // The settings are for all services, so that each ignores what is for another.
    const environment = {
      ...Object.fromEntries(settings),
      [databaseVariable]: "postgres://user@host/database",
      ...Object.fromEntries(secretsOf(name).map((secret) => [secret.name, valueOfSecret])),
    };
    expect(readServiceConfig(name, environment).config.port).toBe(port.standard);
    for (const [variable, upstream] of Object.entries(upstreams)) {
      const upstreamPort = services.find((each) => each.name === upstream)?.port.standard;
      expect(settings.get(variable)).toBe(`${upstream}:${upstreamPort}`);
    }
  });

  test("name an image whose version the kustomization pins", () => {
    expect(container.image).toBe(`ordermesh/${name}`);
    const image = kustomization.images.find((each) => each.name === container.image);
    expect(image?.newTag).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test("verifications are served by one pod, which gets the databases and nothing else that is secret", () => {
  const [deployment, service] = readYamlDocuments("deploy/kubernetes/verify.yaml") as [
    Deployment,
    HeadlessService,
  ];
  const { containers, securityContext, automountServiceAccountToken } = deployment.spec.template.spec;
  const [container] = containers;
  const { port } = readInstallation({}).verifier;
  expect(deployment.spec.replicas).toBe(1);
  expect(service.spec).toMatchObject({
    clusterIP: "None",
    selector: { "app.kubernetes.io/name": "verify" },
    ports: [{ port, targetPort: "rpc" }],
  });
  expect(container).toMatchObject({
    image: "ordermesh/ordermesh",
    args: ["verify", "--serve"],
    ports: [{ name: "rpc", containerPort: port }],
    livenessProbe: { httpGet: { path: "/livez", port: "rpc" } },
    readinessProbe: { httpGet: { path: "/readyz", port: "rpc" } },
    securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  });
  expect({ securityContext, automountServiceAccountToken }).toMatchObject({
    securityContext: { runAsNonRoot: true, runAsUser: 1000 },
    automountServiceAccountToken: false,
  });
  const { databases } = readInstallation({});
  expect(container.env).toEqual(
    Object.keys(databases).map((name) => ({
      name: `${name.toUpperCase()}_DATABASE_URL`,
      valueFrom: { secretKeyRef: { name: "ordermesh-databases", key: name } },
    })),
  );
  expect(kustomization.resources).toContain("verify.yaml");
  expect(kustomization.images.find(({ name }) => name === container.image)?.newTag).toMatch(
    /^\d+\.\d+\.\d+$/,
  );
  expect(kustomization.configMapGenerator[0].literals).toEqual(
    expect.arrayContaining([`VERIFY_ADDRESS=verify:${port}`, expect.stringMatching(/^PUBLIC_URL=https:/)]),
  );
});

test("each pod of the gateway gives its part of the limits", () => {
  const [{ literals }] = kustomization.configMapGenerator;
  const [deployment] = readYamlDocuments("deploy/kubernetes/gateway.yaml") as [Deployment];
  expect(literals).toContain(`GATEWAY_REPLICAS=${deployment.spec.replicas}`);
  expect(
    literals.filter((literal) => /DEMO_USERS|MINIZON_OPEN|ORDERED_ONLINE_OPEN|AUTH=/.test(literal)),
  ).toEqual([]);
});

test("nothing in them is a secret's value", () => {
  for (const path of kustomization.resources) {
    const kinds = readYamlDocuments(`deploy/kubernetes/${path}`).map(
      (document) => (document as { kind: string }).kind,
    );
    expect(kinds, path).not.toContain("Secret");
  }
  expect(
    kustomization.configMapGenerator[0].literals.filter((literal) =>
      /:\/\/[^/]*@|PASSWORD|TOKEN/.test(literal),
    ),
  ).toEqual([]);
});

const kubectl = findTool("kubectl", ["version", "--client"], "kubernetes-client");
test.skipIf(!kubectl.isInstalled)(`kubectl can put them together${kubectl.note}`, () => {
  const { exitCode, output } = kubectl.run("kustomize", "deploy/kubernetes");
  expect(exitCode, output).toBe(0);
  expect(output.match(/^kind: Deployment$/gm)).toHaveLength(services.length + 1);
});

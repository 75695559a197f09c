import { useQuery } from "@connectrpc/connect-query";
import { OperationsService } from "@ordermesh/proto/ordermesh/operations/v1/operations_pb";
import { useAppConfig } from "../app/app-config.ts";
import { useHasRole, useIdentity } from "../session/session-context.ts";
import { CodeBlock } from "./code-block.tsx";
import { MethodList } from "./method-list.tsx";
import { type Addresses, snippetsOf, tokenLines } from "./snippets.ts";
import "./api.css";

/** LOMS' own, where nobody has chosen another one. */
const usualLomsPort = 50051;

/** What programs can call here, and how to begin. */
export default function ApiPage() {
  const addresses = useAddresses();
  return (
    <div className="api">
      <header className="api-head">
        <h1>API</h1>
        <p className="api-lead">
          One origin, <span className="mono copyable">{addresses.origin}</span>, speaks Connect, gRPC-Web and
          REST. All three are the same calls: same fields, same rules, same errors.
        </p>
      </header>
      <Documents />
      <GetToken addresses={addresses} />
      <section className="api-part" aria-labelledby="lines">
        <h2 id="lines">Lines to paste</h2>
        {snippetsOf(addresses).map(({ id, title, why, text }) => (
          <div key={id} className="snippet">
            <h3>{title}</h3>
            <p className="quiet">
              {why}
              {id === "grpcurl" ? <WherePortIs isKnown={addresses.isKnown} /> : null}
            </p>
            <CodeBlock text={text} what={`The lines for ${title}`} />
          </div>
        ))}
      </section>
      <GoodToKnow />
      <MethodList addresses={addresses} />
    </div>
  );
}

interface KnownAddresses extends Addresses {
  /** Whether LOMS' is its own, and not only the usual one. */
  readonly isKnown: boolean;
}

/** Only those who run the installation are told where its services are. */
function useAddresses(): KnownAddresses {
  const isTold = useHasRole("operator", "platform");
  const services = useQuery(
    OperationsService.method.listServices,
    {},
    { enabled: isTold, staleTime: 60_000 },
  );
  const loms = services.data?.services.find(({ service }) => service === "loms")?.replicas[0]?.address;
  return {
    origin: window.location.origin,
    loms: loms ?? `${window.location.hostname}:${usualLomsPort}`,
    isKnown: loms !== undefined,
  };
}

function WherePortIs({ isKnown }: { readonly isKnown: boolean }) {
  return isKnown
    ? " The address is that of LOMS as the gateway knows it."
    : " The address is the usual one; operators, signed in, see the real one here.";
}

function Documents() {
  const documents = [
    { href: "/documentation", text: "Swagger UI", what: "every REST route, to read and to try" },
    { href: "/openapi.json", text: "OpenAPI 3.1", what: "the REST routes, for programs" },
    { href: "/asyncapi.json", text: "AsyncAPI", what: "the events on Kafka" },
  ];
  return (
    <section className="api-part" aria-labelledby="documents">
      <h2 id="documents">Documents</h2>
      <ul className="documents">
        {documents.map(({ href, text, what }) => (
          <li key={href}>
            <a href={href} target="_blank" rel="noopener">
              {text} ↗
            </a>
            <span className="quiet">{what}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function GetToken({ addresses }: { readonly addresses: Addresses }) {
  const identity = useIdentity();
  const demo = useAppConfig()?.demo;
  const name = identity?.username ?? demo?.users[0]?.username ?? "you";
  const password =
    demo?.users.some(({ username }) => username === name) === true ? demo.password : "your password";
  return (
    <section className="api-part" aria-labelledby="token">
      <h2 id="token">A token</h2>
      <p className="api-text">
        A call says who calls in the header <span className="mono">authorization: Bearer &lt;token&gt;</span>.
        A token is good for 15 minutes; with the refresh token that comes with it the next one is had, once.
        {demo === undefined
          ? ""
          : ` This installation is for trying out: ${demo.users.map(({ username }) => username).join(", ")} all have the same password.`}
      </p>
      <CodeBlock text={tokenLines(addresses, { name, password })} what="The lines for a token" />
    </section>
  );
}

function GoodToKnow() {
  return (
    <section className="api-part" aria-labelledby="good-to-know">
      <h2 id="good-to-know">Good to know</h2>
      <ul className="api-rules">
        <li>64-bit numbers are texts in JSON, money is whole minor units, times are RFC 3339.</li>
        <li>
          Errors of REST are problem documents with <span className="mono">code</span>,{" "}
          <span className="mono">reason</span>, <span className="mono">violations</span> and{" "}
          <span className="mono">traceId</span>.
        </li>
        <li>
          Writes take <span className="mono">Idempotency-Key</span>: for 24 hours the same key with the same
          request gets the first answer again.
        </li>
        <li>
          <span className="mono">RateLimit</span> tells how much is left; 429 comes with{" "}
          <span className="mono">Retry-After</span>.
        </li>
      </ul>
    </section>
  );
}

import { useDeferredValue } from "react";
import { useQueryFields } from "../app/navigate.ts";
import { formatCount } from "../format.ts";
import { Link } from "../ui/link.tsx";
import { Empty } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { CodeBlock } from "./code-block.tsx";
import { type ApiMethod, type ApiService, findMethods } from "./contracts.ts";
import { useDocuments } from "./documents.ts";
import { type Addresses, callLine } from "./snippets.ts";
import "./method-list.css";

/** Every service with its calls: what each does, who may, and by which route. */
export function MethodList({ addresses }: { readonly addresses: Addresses }) {
  const [{ q = "" }, change] = useQueryFields();
  const documents = useDocuments();
  const text = useDeferredValue(q);
  const found = findMethods(text, documents);
  const count = found.reduce((sum, { methods }) => sum + methods.length, 0);
  return (
    <section className="api-part" aria-labelledby="calls">
      <div className="api-calls-head">
        <h2 id="calls">Calls</h2>
        <SearchField
          label="Search the calls"
          placeholder="Name, route, role, words"
          value={q}
          onSearch={(next) => change({ q: next }, { replace: true })}
        />
        <span className="quiet" role="status">
          {formatCount(count)} {count === 1 ? "call" : "calls"}
        </span>
      </div>
      {count === 0 ? (
        <Empty title={`No call has “${q}” in it`} action={<Link href="/api">Show all calls</Link>} />
      ) : (
        found.map((service) => (
          <Service
            key={service.typeName}
            service={service}
            documents={documents}
            addresses={addresses}
            isNarrow={count <= 3}
          />
        ))
      )}
    </section>
  );
}

interface ServiceProps {
  readonly service: ApiService;
  readonly documents: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  /** So few are left that each may show all of itself. */
  readonly isNarrow: boolean;
}

function Service({ service, documents, addresses, isNarrow }: ServiceProps) {
  const { typeName, methods } = service;
  return (
    <div className="api-service" id={typeName}>
      <h3>
        {typeName.slice(typeName.lastIndexOf(".") + 1)}{" "}
        <span className="mono quiet api-type">{typeName}</span>
      </h3>
      <p className="api-text quiet">{documents[typeName.replace(/^ordermesh\./, "")] ?? ""}</p>
      <ul className="api-methods">
        {methods.map((method) => (
          <li key={method.path}>
            <details open={isNarrow}>
              <Summary method={method} text={documents[method.operationId] ?? ""} />
              <Detail method={method} text={documents[method.operationId] ?? ""} addresses={addresses} />
            </details>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Summary({ method, text }: { readonly method: ApiMethod; readonly text: string }) {
  return (
    <summary className="api-method">
      <span className="api-name">
        <b>{method.name}</b>
        {method.isStream ? <span className="api-stream">stream</span> : null}
      </span>
      <span className="api-first">{firstSentence(text)}</span>
      <span className="api-who">{method.who}</span>
    </summary>
  );
}

/** Up to the first full stop that ends a sentence. */
function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}

interface DetailProps {
  readonly method: ApiMethod;
  readonly text: string;
  readonly addresses: Addresses;
}

function Detail({ method, text, addresses }: DetailProps) {
  const { name, routes, fields, path, who } = method;
  return (
    <div className="api-detail">
      {text.split("\n\n").map((paragraph) => (
        <p key={paragraph} className="api-text">
          {paragraph}
        </p>
      ))}
      <dl className="api-facts">
        <div>
          <dt>Who may</dt>
          <dd>{who}</dd>
        </div>
        <div>
          <dt>REST</dt>
          <dd className="mono">
            {routes.length === 0
              ? "no route"
              : routes.map(({ verb, path: route }) => (
                  <span key={`${verb} ${route}`} className="api-route">
                    {verb} {route}
                  </span>
                ))}
          </dd>
        </div>
        <div>
          <dt>Takes</dt>
          <dd className="mono">
            {fields.length === 0
              ? "nothing"
              : fields.map((field) => (
                  <span key={field.name} className="api-route">
                    {field.name} <span className="quiet">{field.type}</span>
                  </span>
                ))}
          </dd>
        </div>
      </dl>
      <CodeBlock text={callLine(addresses, method)} what={`The line that calls ${name} (${path})`} />
    </div>
  );
}

/** Where this installation answers. */
export interface Addresses {
  /** Of the gateway: "http://127.0.0.1:8080". */
  readonly origin: string;
  /** Of LOMS itself, for tools that speak gRPC: "127.0.0.1:50051". */
  readonly loms: string;
}

/** Lines to paste into a shell. */
export interface Snippet {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly text: string;
}

const bearer = '-H "authorization: Bearer $TOKEN"';
const json = "-H 'content-type: application/json'";

/** Signs in and keeps the access token. */
export function tokenLines(
  { origin }: Addresses,
  user: { readonly name: string; readonly password: string },
): string {
  return [
    `TOKEN=$(curl -sS ${json} \\`,
    `  -d '{"username":"${user.name}","password":"${user.password}"}' ${origin}/v1/auth/login \\`,
    `  | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
  ].join("\n");
}

export function snippetsOf({ origin, loms }: Addresses): readonly Snippet[] {
  return [
    {
      id: "rest",
      title: "curl, as REST",
      why: "Every call with a route. What neither path nor body names is a query parameter.",
      text: [
        `curl -sS '${origin}/v1/products?query=lamp&page_size=3'`,
        `curl -sS ${bearer} '${origin}/v1/orders?page_size=3'`,
        `curl -sS -X PUT ${bearer} ${json} \\`,
        `  -H "idempotency-key: $(date +%s%N)" -d '{"quantity":2}' ${origin}/v1/cart/lines/1076963`,
      ].join("\n"),
    },
    {
      id: "connect",
      title: "curl, as Connect",
      why: "Every call, with a route or without: POST, JSON in, JSON out. What browsers use.",
      text: [
        `curl -sS ${json} -d '{"query":"lamp","pageSize":3}' \\`,
        `  ${origin}/ordermesh.product.v1.ProductService/ListProducts`,
        `curl -sS ${bearer} ${json} -d '{}' \\`,
        `  ${origin}/ordermesh.identity.v1.IdentityService/GetMe`,
      ].join("\n"),
    },
    {
      id: "events",
      title: "curl, a stream",
      why: "Server-sent events. Last-Event-ID goes on where it broke off.",
      text: `curl -sSN ${bearer} ${origin}/v1/new-notifications`,
    },
    {
      id: "buf",
      title: "buf curl",
      why: "In a checkout of the project, which has the contracts.",
      text: [
        `npx buf curl --schema . ${bearer} -d '{"pageSize":3}' \\`,
        `  ${origin}/ordermesh.loms.v1.LomsService/ListOrders`,
      ].join("\n"),
    },
    {
      id: "grpcurl",
      title: "grpcurl",
      why: "gRPC with reflection, at the port of a service: the gateway speaks Connect, gRPC-Web and REST.",
      text: [
        `grpcurl -plaintext ${loms} list`,
        `grpcurl -plaintext ${bearer} -d '{"pageSize":3}' \\`,
        `  ${loms} ordermesh.loms.v1.LomsService/ListOrders`,
      ].join("\n"),
    },
  ];
}

/** One call of the list, ready to paste. */
export function callLine(
  { origin }: Addresses,
  method: { readonly path: string; readonly isPublic: boolean; readonly isStream: boolean },
): string {
  // A stream of Connect is framed, which is nothing for a shell.
  return method.isStream
    ? `npx buf curl --schema . ${method.isPublic ? "" : `${bearer} `}-d '{}' \\\n  ${origin}/${method.path}`
    : `curl -sS ${method.isPublic ? "" : `${bearer} `}${json} -d '{}' \\\n  ${origin}/${method.path}`;
}

/** What a request's method and path lead to. */
export type RouteMatch<Target> =
  | { readonly kind: "found"; readonly target: Target; readonly variables: Readonly<Record<string, string>> }
  /** The path is known, but not with this method. */
  | { readonly kind: "wrong_method"; readonly allowed: readonly string[] }
  | { readonly kind: "unknown" };

export interface Route<Target> {
  /** Upper case. */
  readonly method: string;
  /** "/v1/orders/{order_id}": a variable takes one segment. */
  readonly path: string;
  readonly target: Target;
}

export interface RouteTable<Target> {
  /** @throws URIError if a segment is not properly percent-encoded. */
  find(method: string, path: string): RouteMatch<Target>;
}

interface Node<Target> {
  readonly literals: Map<string, Node<Target>>;
  variable: Node<Target> | undefined;
  /** By method, with the names of the variables on the way. */
  readonly targets: Map<string, { readonly target: Target; readonly names: readonly string[] }>;
}

/**
 * Makes the one table of all routes. A literal segment is preferred to a variable.
 *
 * @throws Error for two routes with the same method and path, and for a path that it does not understand.
 */
export function createRouteTable<Target>(routes: readonly Route<Target>[]): RouteTable<Target> {
  const root = emptyNode<Target>();
  for (const route of routes) {
    addRoute(root, route);
  }
  return {
    find(method, path) {
      const values: string[] = [];
      const node = walk(root, path.split("/").slice(1), 0, values);
      if (node === undefined) {
        return { kind: "unknown" };
      }
      // A HEAD is a GET of whose answer only the head is sent; Node leaves the body out.
      const found = node.targets.get(method === "HEAD" ? "GET" : method);
      if (found === undefined) {
        return { kind: "wrong_method", allowed: allowedOf(node) };
      }
      const entries = found.names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]);
      return { kind: "found", target: found.target, variables: Object.fromEntries(entries) };
    },
  };
}

function emptyNode<Target>(): Node<Target> {
  return { literals: new Map(), variable: undefined, targets: new Map() };
}

function addRoute<Target>(root: Node<Target>, { method, path, target }: Route<Target>): void {
  const names: string[] = [];
  let node = root;
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    // A slash at the end makes another path: those of ordered-online have one.
    const isEnd = segment === "" && index > 0 && index === segments.length - 1;
    const name = /^\{([a-z_][a-z0-9_.]*)\}$/i.exec(segment)?.[1];
    if (name !== undefined) {
      names.push(name);
      node.variable ??= emptyNode();
      node = node.variable;
    } else if (isEnd || /^[A-Za-z0-9._~-]+$/.test(segment)) {
      const next = node.literals.get(segment) ?? emptyNode();
      node.literals.set(segment, next);
      node = next;
    } else {
      throw new Error(`The path ${path} has a segment "${segment}" that is neither a name nor a variable.`);
    }
  }
  if (node.targets.has(method)) {
    throw new Error(`There are two routes for ${method} ${path}.`);
  }
  node.targets.set(method, { target, names });
}

/** The node of a path, and the texts of its variables. Goes back where a literal leads nowhere. */
function walk<Target>(
  node: Node<Target>,
  segments: readonly string[],
  depth: number,
  values: string[],
): Node<Target> | undefined {
  const segment = segments[depth];
  if (segment === undefined) {
    return node.targets.size > 0 ? node : undefined;
  }
  const literal = node.literals.get(segment);
  const found = literal === undefined ? undefined : walk(literal, segments, depth + 1, values);
  if (found !== undefined || node.variable === undefined || segment === "") {
    return found;
  }
  values.push(segment);
  const below = walk(node.variable, segments, depth + 1, values);
  if (below === undefined) {
    values.pop();
  }
  return below;
}

function allowedOf<Target>(node: Node<Target>): string[] {
  const methods = [...node.targets.keys()];
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].sort();
}

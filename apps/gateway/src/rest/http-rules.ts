import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "@ordermesh/proto/google/api/annotations_pb";
import type { HttpRule } from "@ordermesh/proto/google/api/http_pb";

/** One way over HTTP to a method, as its contract says. */
export interface HttpBinding {
  readonly method: DescMethod;
  /** GET, PUT, POST, DELETE or PATCH. */
  readonly verb: string;
  readonly path: string;
  /** "*", the name of a field, or empty. */
  readonly body: string;
}

/** Every binding of the services, in the order of the contracts. */
export function httpBindings(services: readonly DescService[]): HttpBinding[] {
  return services.flatMap((service) => service.methods).flatMap(bindingsOf);
}

function bindingsOf(method: DescMethod): HttpBinding[] {
  if (!hasOption(method, http)) {
    return [];
  }
  const first = getOption(method, http);
  return [first, ...first.additionalBindings].map((rule) => bindingOf(method, rule));
}

function bindingOf(method: DescMethod, { pattern, body }: HttpRule): HttpBinding {
  if (pattern.case === undefined) {
    throw new Error(`${method.parent.typeName}.${method.name} has an HTTP rule without a path.`);
  }
  return { method, verb: pattern.case.toUpperCase(), path: pattern.value, body };
}

import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";

/** One way over HTTP to a method. */
export interface HttpBinding {
  readonly verb: "get" | "put" | "post" | "delete" | "patch";
  /** As in the contract: "/v1/orders/{order_id}". */
  readonly path: string;
  /** "*", a field's name, or empty. */
  readonly body: string;
}

/** Who may call a method, as its rule says. */
export interface Access {
  readonly public: boolean;
  readonly roles: readonly string[];
  readonly selfField: string;
}

interface HttpRule {
  readonly pattern: { readonly case: HttpBinding["verb"]; readonly value: string };
  readonly body: string;
  readonly additionalBindings: readonly HttpRule[];
}

/**
 * Reads our options. Their descriptors are those that the plugin was given: the generated ones are what is being made
 * at this moment.
 */
export function createOptionReader(schema: Schema) {
  const http = extensionOf(schema, "google.api.http");
  const rule = extensionOf(schema, "ordermesh.auth.v1.rule");
  return {
    bindingsOf(method: DescMethod): HttpBinding[] {
      if (!hasOption(method, http)) {
        return [];
      }
      const first = getOption(method, http) as HttpRule;
      return [first, ...first.additionalBindings].map(({ pattern, body }) => ({
        verb: pattern.case,
        path: pattern.value,
        body,
      }));
    },
    accessOf(method: DescMethod): Access {
      return hasOption(method, rule)
        ? (getOption(method, rule) as Access)
        : { public: false, roles: [], selfField: "" };
    },
  };
}

export type OptionReader = ReturnType<typeof createOptionReader>;

function extensionOf(schema: Schema, typeName: string): DescExtension {
  for (const file of schema.allFiles) {
    for (const extension of file.extensions) {
      if (extension.typeName === typeName) {
        return extension;
      }
    }
  }
  throw new Error(`The contracts do not define the option ${typeName}.`);
}

/** The names of the variables in a path. */
export function pathVariables(path: string): string[] {
  return [...path.matchAll(/\{([^}=]+)/g)].map(([, name = ""]) => name);
}

/** The field that a path such as "product.sku" leads to. */
export function fieldAt(message: DescMessage, path: string): DescField {
  const [name, ...rest] = path.split(".");
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    throw new Error(`${message.typeName} has no field ${path}.`);
  }
  return rest.length === 0 || field.message === undefined ? field : fieldAt(field.message, rest.join("."));
}

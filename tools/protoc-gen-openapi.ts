#!/usr/bin/env node
/*
 * A plugin of buf: writes the OpenAPI 3.1 document of every RPC that has google.api.http options. It is a plugin, and
 * no part of the gateway, because the comments of the contracts are known only here.
 */
import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { createEcmaScriptPlugin, runNodeJs, type Schema } from "@bufbuild/protoplugin";
import { problemSchema, sharedParts } from "./contract-documents/document-parts.ts";
import { commentOf, createMessageSchemas, schemaName } from "./contract-documents/message-schemas.ts";
import { createOptionReader, type OptionReader } from "./contract-documents/method-options.ts";
import { documentPath, operationOf } from "./contract-documents/operations.ts";
import { orderedOnlinePaths, orderedOnlineTag } from "./contract-documents/ordered-online-routes.ts";
import { orderedOnlineSchemas } from "./contract-documents/ordered-online-shapes.ts";
import { replacedPaths, replacedSchemas, replacedTags } from "./contract-documents/replaced-routes.ts";
import type { Json } from "./contract-documents/scalar-schemas.ts";

const plugin = createEcmaScriptPlugin({
  name: "protoc-gen-openapi",
  version: "v1",
  generateTs(schema) {
    const file = schema.generateFile("openapi.json");
    for (const line of JSON.stringify(documentOf(schema), undefined, 2).split("\n")) {
      file.print(line);
    }
  },
});

function documentOf(schema: Schema): Json {
  const options = createOptionReader(schema);
  const methods = schema.files
    .flatMap((file) => file.services)
    .flatMap((service) => service.methods)
    .filter((method) => options.bindingsOf(method).length > 0);
  const schemas = createMessageSchemas(filledInFields(methods, options));
  const paths: Record<string, Json> = {};
  for (const method of methods) {
    for (const [ordinal, binding] of options.bindingsOf(method).entries()) {
      const path = documentPath(binding.path);
      paths[path] ??= {};
      paths[path][binding.verb] = operationOf(method, binding, {
        access: options.accessOf(method),
        schemas,
        ordinal,
      });
    }
  }
  const services = [...new Set(methods.map((method) => method.parent))];
  return {
    openapi: "3.1.0",
    info: {
      title: "Ordermesh",
      version: "1.0.0",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description: introduction,
    },
    servers: [{ url: "/", description: "This gateway." }],
    tags: [
      ...services.map((service) => ({
        name: schemaName(service),
        description: commentOf(service) || service.name,
      })),
      ...replacedTags,
      orderedOnlineTag,
    ],
    paths: { ...paths, ...replacedPaths, ...orderedOnlinePaths },
    components: {
      ...sharedParts(),
      schemas: {
        ...sorted(schemas.schemas),
        Problem: problemSchema,
        ...replacedSchemas,
        ...orderedOnlineSchemas,
      },
    },
  };
}

const introduction =
  "Every method of the contracts over HTTP and JSON. 64-bit numbers are texts, enums are names, times are RFC 3339, " +
  "amounts of money are whole minor units. Errors are problem documents (RFC 9457). The same origin serves Connect and " +
  "gRPC-Web at POST /package.Service/Method.";

/** Fields that a caller may leave out because the platform fills them in: who calls, and the key of the intent. */
function filledInFields(methods: readonly DescMethod[], options: OptionReader): Set<DescField> {
  const filled = new Set<DescField>();
  for (const method of methods) {
    const { selfField } = options.accessOf(method);
    const self = selfField === "" ? undefined : lastField(method.input, selfField.split("."));
    const key = method.input.fields.find(({ name }) => name === "idempotency_key");
    for (const field of [self, key]) {
      if (field !== undefined) {
        filled.add(field);
      }
    }
  }
  return filled;
}

function lastField(message: DescMessage, [name, ...rest]: readonly string[]): DescField | undefined {
  const field = message.fields.find((candidate) => candidate.name === name);
  return rest.length === 0 || field?.message === undefined ? field : lastField(field.message, rest);
}

function sorted(parts: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(parts).sort(([left], [right]) => (left < right ? -1 : 1)));
}

runNodeJs(plugin);

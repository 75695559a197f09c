import { readFileSync } from "node:fs";
import specifications from "@asyncapi/specs";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { file_ordermesh_events_v1_order_events } from "@ordermesh/proto/ordermesh/events/v1/order_events_pb";
import { file_ordermesh_events_v1_payment_events } from "@ordermesh/proto/ordermesh/events/v1/payment_events_pb";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { httpBindings } from "../src/rest/http-rules.ts";
import { servicesBehind } from "../src/upstreams.ts";

const contracts = new URL("../../../proto/gen/", import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, contracts), "utf8");

test("the OpenAPI document passes the linter, warnings included", async () => {
  const source = textOf("openapi.json");
  const config = await createConfig({
    extends: ["recommended-strict"],
    // The paths of ordered-online end with one, and its clients send it.
    rules: { "no-path-trailing-slash": "off" },
  });
  const problems = await lintFromString({ source, absoluteRef: "/openapi.json", config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );

  const broken = JSON.parse(source);
  broken.paths["/v1/orders"].post.responses["200"] = { $ref: "#/components/responses/Nowhere" };
  const found = await lintFromString({
    source: JSON.stringify(broken),
    absoluteRef: "/openapi.json",
    config,
  });
  expect(found.length, "the linter finds nothing, whatever is wrong").toBeGreaterThan(0);
});

test("every RPC with a path is in it, with its rules, its comment and who may call", () => {
  const document = JSON.parse(textOf("openapi.json"));
  const bindings = httpBindings(Object.values(servicesBehind).flat());
  expect(bindings.length).toBeGreaterThan(40);
  for (const { verb, path, method } of bindings) {
    const operation = document.paths[path.replace(/\{\w+\./g, "{")]?.[verb.toLowerCase()];
    expect(operation, `${verb} ${path}`).toBeDefined();
    expect(operation.operationId).toContain(method.name);
    expect(operation.description).toMatch(/Needs no token|For users with one of these roles/);
  }
  const { schemas: parts } = document.components;
  expect(parts["loms.v1.OrderLineInput"]).toMatchObject({
    required: ["sku", "quantity"],
    properties: {
      sku: { type: "integer", minimum: 1, maximum: 4294967295 },
      quantity: { minimum: 1, maximum: 1000000, description: expect.stringContaining("merged") },
      name: { maxLength: 200 },
    },
  });
  expect(document.paths["/v1/auth/login"].post.security).toEqual([]);
  expect(document.paths["/v1/orders"].get.security).toEqual([{ accessToken: [] }]);
});

test("the AsyncAPI document is valid, and its examples are what travels", () => {
  const document = JSON.parse(textOf("asyncapi.json"));
  const schema = specifications.schemasWithoutId["3.0.0"];
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const check = ajv.compile(schema);
  check(document);
  expect(check.errors ?? []).toEqual([]);
  expect(check({ ...document, channels: { broken: { address: 1 } } })).toBe(false);

  const payloads = new Ajv2020({ strict: false });
  addFormats.default(payloads);
  payloads.addSchema({ $id: "document", ...document });
  const files = [file_ordermesh_events_v1_order_events, file_ordermesh_events_v1_payment_events];
  const events = new Map(
    files.flatMap((file) => file.messages).map((message) => [message.typeName, message]),
  );
  const messages = Object.entries<{
    name: string;
    examples: { payload: object; headers: Record<string, string> }[];
    "x-protobuf-examples": string[];
  }>(document.components.messages);
  expect(messages.length).toBeGreaterThanOrEqual(9);
  for (const [id, { name, examples, "x-protobuf-examples": encoded }] of messages) {
    const [example] = examples;
    const event = events.get(name)!;
    const decoded = fromBinary(event, Buffer.from(encoded[0] ?? "", "base64"));
    expect(toJson(event, decoded, { alwaysEmitImplicit: true }), name).toMatchObject(example!.payload);
    expect(example!.headers.ce_type).toBe(name);
    const valid = payloads.validate(`document#/components/messages/${id}/payload`, example!.payload);
    expect(payloads.errors ?? [], name).toEqual([]);
    expect(valid).toBe(true);
  }
  expect(document.channels.orders_events_v1.bindings.kafka).toMatchObject({ partitions: 12 });
  expect(document.channels.payments_events_v1.address).toBe("payments.events.v1");
});

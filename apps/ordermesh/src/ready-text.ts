import { demoLocations } from "./demo-locations.ts";
import { demoPassword, demoUsers } from "./demo-users.ts";
import type { Mesh } from "./mesh.ts";

/** Of the demo catalogue, with stock in three warehouses. */
const exampleSku = 1076963;
const ordersTopic = "orders.events.v1";

/** What is printed for a person when all is ready: where everything is, and lines to paste. */
export function readyText(mesh: Mesh, readyInMs: number, dataDirectory: string): string {
  const { gateway, identity } = mesh.addresses;
  const places: (readonly [string, string])[] = [
    ...Object.entries(mesh.addresses),
    ...(gateway === undefined ? [] : [["API in a browser", `http://${gateway}/documentation`] as const]),
    ...(mesh.kafkaBrokers === undefined ? [] : [["Kafka", mesh.kafkaBrokers] as const]),
    ...Object.entries(mesh.databaseUrls).map(
      ([name, url]) => [`database of ${name}`, withoutForeignSecret(url)] as const,
    ),
  ];
  const width = Math.max(...places.map(([name]) => name.length));
  const lines = pasteLines(mesh);
  return [
    "",
    `Ordermesh is ready in ${Math.round(readyInMs)} ms.`,
    ...(gateway === undefined ? [] : [`Open http://${gateway} in a browser.`]),
    "",
    ...places.map(([name, place]) => `  ${name.padEnd(width)}  ${place}`),
    "",
    ...(identity === undefined ? [] : [`Users: ${demoUsers.join(", ")}; password ${demoPassword}.`, ""]),
    ...(lines.length === 0
      ? []
      : ["To try it, paste into another terminal:", "", ...lines.map((line) => `  ${line}`), ""]),
    `Ctrl-C stops all of it. The data stay in ${dataDirectory} until \`npm start -- --fresh\`.`,
    "",
  ].join("\n");
}

const json = "-H 'content-type: application/json'";

/** Puts the access token of a demo user into the shell's variable TOKEN. */
export function tokenLine(identityAddress: string): string {
  const login = JSON.stringify({ username: demoUsers[0], password: demoPassword });
  const method = `http://${identityAddress}/ordermesh.identity.v1.IdentityService/Login`;
  return `TOKEN=$(curl -s ${json} -d '${login}' ${method} | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`;
}

/** One line for each tool that people use. Only for services that run. */
export function pasteLines(mesh: Mesh): string[] {
  const { loms, checkout, product, tables, gateway, identity } = mesh.addresses;
  // Without identity there is no token to be had here; the calls are then for who brings one.
  const token = `-H "authorization: Bearer $TOKEN"`;
  const lines: string[] = identity === undefined ? [] : [tokenLine(identity)];
  if (loms !== undefined) {
    const request = JSON.stringify({ skus: [exampleSku] });
    lines.push(
      `grpcurl -plaintext ${token} -d '${request}' ${loms} ordermesh.loms.v1.InventoryService/GetAvailability`,
    );
  }
  if (checkout !== undefined) {
    const add = JSON.stringify({ sku: exampleSku, quantity: 2 });
    const service = `http://${checkout}/ordermesh.checkout.v1.CheckoutService`;
    lines.push(
      `npx buf curl --protocol grpc --http2-prior-knowledge ${token} -d '${add}' ${service}/AddToCart`,
      `curl -s ${json} ${token} -d '{}' ${service}/ListCart`,
    );
  } else if (product !== undefined) {
    const request = JSON.stringify({ sku: exampleSku });
    const method = `http://${product}/ordermesh.product.v1.ProductService/GetProduct`;
    lines.push(`curl -s ${json} -d '${request}' ${method}`);
  }
  if (gateway !== undefined) {
    lines.push(`curl -s -X POST ${json} ${token} -d '{}' http://${gateway}/v1/cart/purchase`);
  }
  if (tables !== undefined) {
    const near = JSON.stringify({ position: demoLocations[0]?.position });
    const method = `http://${tables}/ordermesh.tables.v1.LocationsService/FindNearbyLocations`;
    lines.push(`curl -s ${json} -d '${near}' ${method}`);
  }
  if (mesh.kafkaBrokers !== undefined) {
    lines.push(`kcat -b ${mesh.kafkaBrokers} -t ${ordersTopic} -C -o beginning -f '%T key=%k %h\\n'`);
  }
  return lines;
}

/** An address of a database as it may be shown: our own password is no secret; another one is. */
export function withoutForeignSecret(url: string): string {
  return url.replace(/^(\w+:\/\/[^:/@]+):(?!ordermesh@)[^@]*@/, "$1:…@");
}

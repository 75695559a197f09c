import type { Mesh } from "./mesh.ts";

/** Of the demo catalogue, with stock in three warehouses. */
const exampleSku = 1076963;
const ordersTopic = "orders.events.v1";

/** What is printed for a person when all is ready: where everything is, and lines to paste. */
export function readyText(mesh: Mesh, readyInMs: number, dataDirectory: string): string {
  const places: (readonly [string, string])[] = [
    ...Object.entries(mesh.addresses),
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
    "",
    ...places.map(([name, place]) => `  ${name.padEnd(width)}  ${place}`),
    "",
    ...(lines.length === 0
      ? []
      : ["To try it, paste into another terminal:", "", ...lines.map((line) => `  ${line}`), ""]),
    `Ctrl-C stops all of it. The data stay in ${dataDirectory} until \`npm start -- --fresh\`.`,
    "",
  ].join("\n");
}

/** One line for each tool that people use. Only for services that run. */
export function pasteLines(mesh: Mesh): string[] {
  const { loms, checkout, product } = mesh.addresses;
  const lines: string[] = [];
  if (loms !== undefined) {
    const request = JSON.stringify({ sku: exampleSku });
    lines.push(`grpcurl -plaintext -d '${request}' ${loms} ordermesh.loms.v1.LomsService/ListStockLevels`);
  }
  if (checkout !== undefined) {
    const [add, list] = [{ userId: "1", sku: exampleSku, quantity: 2 }, { userId: "1" }].map((r) =>
      JSON.stringify(r),
    );
    const service = `http://${checkout}/ordermesh.checkout.v1.CheckoutService`;
    lines.push(`npx buf curl --protocol grpc --http2-prior-knowledge -d '${add}' ${service}/AddToCart`);
    lines.push(`curl -s -H 'content-type: application/json' -d '${list}' ${service}/ListCart`);
    lines.push(`curl -s -H 'content-type: application/json' -d '${list}' ${service}/Purchase`);
  } else if (product !== undefined) {
    const request = JSON.stringify({ sku: exampleSku });
    const method = `http://${product}/ordermesh.product.v1.ProductService/GetProduct`;
    lines.push(`curl -s -H 'content-type: application/json' -d '${request}' ${method}`);
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

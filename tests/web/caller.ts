import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { IdentityService } from "@ordermesh/proto/ordermesh/identity/v1/identity_pb";

/** The demo users' password. */
export const password = "ordermesh-demo";

/** Somebody who calls the gateway without pages, for what a story needs and does not tell. */
export interface Caller {
  readonly userId: bigint;
  client<Service extends DescService>(service: Service): Client<Service>;
}

export async function callAs(url: string, username: string): Promise<Caller> {
  const anonymous = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
  const { accessToken, user } = await createClient(IdentityService, anonymous).login({ username, password });
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${accessToken}`);
        return next(request);
      },
    ],
  });
  return { userId: user?.userId ?? 0n, client: (service) => createClient(service, transport) };
}

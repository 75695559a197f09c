import {
  newLocation,
  newProduct,
  type OrderedOnline,
  type OrderedOnlineUser,
  orderedOnline,
} from "./ordered-online-client.ts";
import { startTablesMesh, type TablesMesh } from "./tables-mesh.ts";

/** A gateway that is open to clients of ordered-online, two of its users, and a location of the first one's. */
export interface OrderedOnlinePlace {
  readonly mesh: TablesMesh;
  readonly client: OrderedOnline;
  readonly owner: OrderedOnlineUser;
  readonly stranger: OrderedOnlineUser;
  readonly location: { readonly id: number };
  /** "Coffee" for 1.80. */
  readonly product: { readonly id: number };
}

export async function startOrderedOnline(): Promise<OrderedOnlinePlace> {
  const mesh = await startTablesMesh({ identity: true, gateway: { ORDERED_ONLINE_OPEN: "1" } });
  const client = orderedOnline(mesh.url);
  const owner = await client.register("owner");
  const stranger = await client.register("stranger");
  const { json: location } = await client.post("/locations/create/", { ...owner, location: newLocation() });
  const { json: product } = await client.post("/products/create/", {
    ...owner,
    product: newProduct(location.id),
  });
  return { mesh, client, owner, stranger, location, product };
}

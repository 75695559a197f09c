import { useHasRole } from "../session/session-context.ts";
import { Link } from "../ui/link.tsx";

/** Leads to an order on the desk. */
export function OrderLink({ orderId }: { readonly orderId: bigint }) {
  const worksOnDesk = useHasRole("seller", "platform", "operator");
  const text = <span className="mono">{String(orderId)}</span>;
  return worksOnDesk ? <Link href={`/desk/orders/${orderId}`}>{text}</Link> : text;
}

import { formatCount } from "../format.ts";
import { Link } from "../ui/link.tsx";
import { useCart } from "./use-cart.ts";

/** How much is in the cart, wherever one is. */
export default function CartLink() {
  const { data } = useCart();
  const count = data?.lines.length ?? 0;
  return (
    <Link href="/cart" className="navigation-link" current="page">
      Cart{count === 0 ? "" : ` (${formatCount(count)})`}
    </Link>
  );
}

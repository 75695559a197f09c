import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  type CartLine,
  CheckoutService,
  type ListCartResponse,
} from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { LomsService } from "@ordermesh/proto/ordermesh/loms/v1/loms_pb";
import { formatCount, multiplyMoney } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { useOnce } from "../ui/use-once.ts";
import { quantityMax, Stepper } from "./stepper.tsx";
import { useCart, useCartReader } from "./use-cart.ts";
import "./shop.css";
import "./cart.css";

export default function CartPage() {
  const cart = useCart();
  return (
    <div className="stack">
      <h1>Cart</h1>
      <Loaded query={cart} what="The cart">
        {(found) => (found.lines.length === 0 ? <EmptyCart /> : <Cart cart={found} />)}
      </Loaded>
    </div>
  );
}

/** An order empties the cart: whoever comes back here finds it. */
export function EmptyCart() {
  const { data } = useQuery(LomsService.method.listOrders, { pageSize: 1 });
  const last = data?.orders[0];
  return (
    <Empty
      title="Your cart is empty"
      action={
        <span className="button-row">
          <Link href="/" button="primary">
            Look around the shop
          </Link>
          {last === undefined ? null : (
            <Link href={`/orders/${last.orderId}`} button="plain">
              Your last order, {String(last.orderId)}
            </Link>
          )}
        </span>
      }
    />
  );
}

function Cart({ cart }: { readonly cart: ListCartResponse }) {
  const canOrder = cart.lines.some(({ unavailable }) => !unavailable);
  return (
    <>
      <ul className="cart-lines">
        {cart.lines.map((line) => (
          <Line key={line.sku} line={line} />
        ))}
      </ul>
      <div className="cart-foot">
        <p className="cart-total">
          <span>Total</span>
          <Money value={cart.total} />
        </p>
        {canOrder ? (
          <Link href="/checkout" button="primary">
            To the checkout
          </Link>
        ) : null}
      </div>
    </>
  );
}

function Line({ line }: { readonly line: CartLine }) {
  const { sku, quantity, name, price, unavailable } = line;
  const read = useCartReader();
  const set = useMutation(CheckoutService.method.addToCart, { onSettled: read });
  const remove = useMutation(CheckoutService.method.deleteFromCart, { onSettled: read });
  const once = useOnce();
  return (
    <li className={`cart-line${unavailable ? " cart-line-gone" : ""}`}>
      <span className="cart-line-name">
        <Link href={`/p/${sku}`}>{name === "" ? `Number ${sku}` : name}</Link>
        <span className="quiet mono">{String(sku)}</span>
        {unavailable ? (
          <span className="waiting-text">No longer sold, and left out of the order.</span>
        ) : null}
      </span>
      <span className="cart-line-price quiet">
        <Money value={price} bare />
      </span>
      <Stepper
        label={`Quantity of ${name}`}
        value={set.isPending ? (set.variables.quantity ?? quantity) : quantity}
        min={1}
        max={quantityMax}
        onChange={(next) => set.mutate({ sku, quantity: next })}
      />
      <span className="cart-line-total">
        <Money value={multiplyMoney(price, quantity)} bare />
      </span>
      <Button
        kind="quiet"
        isPending={remove.isPending}
        onPress={() => once(() => remove.mutateAsync({ sku, quantity }))}
        aria-label={`Remove ${formatCount(quantity)} × ${name}`}
      >
        Remove
      </Button>
      {set.error === null ? null : <Failure error={set.error} />}
      {remove.error === null ? null : <Failure error={remove.error} />}
    </li>
  );
}

import { useMutation } from "@connectrpc/connect-query";
import { CheckoutService, type ListCartResponse } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { PayOutcome } from "@ordermesh/proto/ordermesh/payments/v1/payments_pb";
import { useRef, useState } from "react";
import { useGo } from "../app/navigate.ts";
import { CardFields, cardFieldNames, cardOf } from "../cards/card-fields.tsx";
import { formatCount, formatMoney, multiplyMoney } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Form } from "../ui/form.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { useOnce } from "../ui/use-once.ts";
import { EmptyCart } from "./cart-page.tsx";
import { OrderDeclined } from "./order-declined.tsx";
import { shortagesOf } from "./shortages.ts";
import { useCart, useCartReader } from "./use-cart.ts";
import { usePayment } from "./use-payment.ts";
import "./shop.css";
import "./cart.css";
import "./checkout.css";

export default function CheckoutPage() {
  const cart = useCart();
  // The order takes the cart with it: what was ordered stays in view until it is paid.
  const [ordered, setOrdered] = useState<ListCartResponse>();
  return (
    <div className="stack">
      <p>
        <Link href="/cart">‹ Cart</Link>
      </p>
      <h1>Checkout</h1>
      <Loaded query={cart} what="The cart">
        {(found) =>
          ordered === undefined && found.lines.length === 0 ? (
            <EmptyCart />
          ) : (
            <Checkout cart={ordered ?? found} onOrdered={() => setOrdered(ordered ?? found)} />
          )
        }
      </Loaded>
    </div>
  );
}

interface CheckoutProps {
  readonly cart: ListCartResponse;
  readonly onOrdered: () => void;
}

function Checkout({ cart, onOrdered }: CheckoutProps) {
  const go = useGo();
  const readCart = useCartReader();
  const orderId = useRef<bigint>(undefined);
  const purchase = useMutation(CheckoutService.method.purchase);
  const payment = usePayment();
  const shortages = shortagesOf(payment.error);

  /** One version of the cart becomes one order, however often one asks. */
  async function order(): Promise<bigint> {
    if (orderId.current === undefined) {
      const bought = await purchase.mutateAsync({ cartVersion: cart.cartVersion });
      orderId.current = bought.orderId;
      onOrdered();
      void readCart();
    }
    return orderId.current;
  }

  async function pay(values: Readonly<Record<string, string>>): Promise<void> {
    const { outcome } = await payment.mutateAsync({ orderId: order, card: cardOf(values) });
    if (outcome !== PayOutcome.DECLINED) {
      go(`/orders/${orderId.current}`, { replace: true });
    }
  }

  const declined =
    payment.data?.outcome === PayOutcome.DECLINED && !payment.isPending ? payment.data : undefined;
  return (
    <div className="checkout">
      <Summary cart={cart} shortages={shortages} onMended={payment.reset} />
      <Form
        className="checkout-form"
        fieldNames={cardFieldNames}
        error={shortages.size > 0 ? undefined : payment.error}
        onSubmit={pay}
      >
        <CardFields />
        {declined === undefined ? null : <OrderDeclined answer={declined} />}
        {shortages.size > 0 ? (
          <p className="waiting-text" role="alert">
            There is not enough of everything any more: see above. Nothing was charged.
          </p>
        ) : null}
        <Button type="submit" kind="primary" wide isPending={payment.isPending} pendingText="Paying…">
          Pay {formatMoney(cart.total)}
        </Button>
      </Form>
    </div>
  );
}

interface SummaryProps {
  readonly cart: ListCartResponse;
  readonly shortages: ReadonlyMap<number, number>;
  readonly onMended: () => void;
}

function Summary({ cart, shortages, onMended }: SummaryProps) {
  return (
    <section className="checkout-summary" aria-label="What you buy">
      <ul>
        {cart.lines.map((line) => (
          <li key={line.sku} className="summary-line">
            <span>
              {formatCount(line.quantity)} × {line.name}
            </span>
            <Money value={multiplyMoney(line.price, line.quantity)} bare />
            {shortages.has(line.sku) ? (
              <Short
                sku={line.sku}
                quantity={line.quantity}
                available={shortages.get(line.sku) ?? 0}
                onMended={onMended}
              />
            ) : null}
          </li>
        ))}
      </ul>
      <p className="cart-total">
        <span>Total</span>
        <Money value={cart.total} />
      </p>
      <p className="quiet">Your items are held for you as soon as you press Pay.</p>
    </section>
  );
}

interface ShortProps {
  readonly sku: number;
  readonly quantity: number;
  readonly available: number;
  readonly onMended: () => void;
}

/** Fewer than were wanted: take those, or none. */
function Short({ sku, quantity, available, onMended }: ShortProps) {
  const readCart = useCartReader();
  const onSuccess = async () => {
    await readCart();
    onMended();
  };
  const set = useMutation(CheckoutService.method.addToCart, { onSuccess });
  const remove = useMutation(CheckoutService.method.deleteFromCart, { onSuccess });
  const once = useOnce();
  return (
    <span className="summary-short">
      <span className="waiting-text">
        {available === 0 ? "sold out" : `only ${formatCount(available)} left`}
      </span>
      {available === 0 ? null : (
        <Button
          isPending={set.isPending}
          onPress={() => once(() => set.mutateAsync({ sku, quantity: available }))}
        >
          Set to {formatCount(available)}
        </Button>
      )}
      <Button isPending={remove.isPending} onPress={() => once(() => remove.mutateAsync({ sku, quantity }))}>
        Remove
      </Button>
    </span>
  );
}

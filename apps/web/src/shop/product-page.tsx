import { useMutation, useQuery } from "@connectrpc/connect-query";
import { CheckoutService } from "@ordermesh/proto/ordermesh/checkout/v1/checkout_pb";
import { type Product, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { useState } from "react";
import { useGo, usePathPart, useTitle } from "../app/navigate.ts";
import { formatCount } from "../format.ts";
import { useHasRole, useIdentity } from "../session/session-context.ts";
import { Button } from "../ui/button.tsx";
import { Form } from "../ui/form.tsx";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Notice } from "../ui/notice.tsx";
import { SkuPicture } from "./catalogue-page.tsx";
import { quantityMax, Stepper } from "./stepper.tsx";
import { useCartReader } from "./use-cart.ts";
import "./shop.css";
import "./product.css";

export default function ProductPage() {
  const sku = Number.parseInt(usePathPart("sku"), 10) || 0;
  const query = useQuery(ProductService.method.getProduct, { sku });
  return (
    <div className="stack">
      <p>
        <Link href="/">‹ Shop</Link>
      </p>
      <Loaded query={query} what="The product">
        {({ product }) => (product === undefined ? null : <ProductView product={product} />)}
      </Loaded>
    </div>
  );
}

function ProductView({ product }: { readonly product: Product }) {
  useTitle(product.name);
  return (
    <article className="product-page">
      <SkuPicture sku={product.sku} large />
      <div className="stack">
        <h1>{product.name}</h1>
        <p className="quiet">
          Number <span className="mono">{product.sku}</span>
        </p>
        <p className="price">
          <Money value={product.price} />
        </p>
        <Buying product={product} />
      </div>
    </article>
  );
}

function Buying({ product }: { readonly product: Product }) {
  const [quantity, setQuantity] = useState(1);
  const isSignedIn = useIdentity() !== undefined;
  const mayBuy = useHasRole("buyer", "platform", "operator");
  const readCart = useCartReader();
  const go = useGo();
  const increase = useMutation(CheckoutService.method.increaseInCart, { onSuccess: readCart });
  if (isSignedIn && !mayBuy) {
    return <p className="quiet">Buyers can put this into their cart.</p>;
  }
  async function add(): Promise<void> {
    if (isSignedIn) {
      await increase.mutateAsync({ sku: product.sku, quantity });
    } else {
      go(`/sign-in?next=${encodeURIComponent(`/p/${product.sku}`)}`);
    }
  }
  return (
    <>
      <Form error={increase.error} onSubmit={add}>
        <div className="buying">
          <Stepper label="How many" value={quantity} min={1} max={quantityMax} onChange={setQuantity} />
          <Button type="submit" kind="primary" isPending={increase.isPending} pendingText="Adding…">
            Add to the cart
          </Button>
        </div>
      </Form>
      {increase.data === undefined ? null : (
        <Notice
          tone="done"
          announced
          title={`${formatCount(increase.data.quantity)} in the cart`}
          actions={
            <>
              <Link href="/cart" button="primary">
                To the cart
              </Link>
              <Link href="/" button="plain">
                Keep shopping
              </Link>
            </>
          }
        />
      )}
    </>
  );
}

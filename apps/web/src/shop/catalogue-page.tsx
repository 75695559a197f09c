import { useQuery } from "@connectrpc/connect-query";
import { type Product, ProductKind, ProductService } from "@ordermesh/proto/ordermesh/product/v1/product_pb";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect } from "react";
import { markInteractive } from "../app/measurements.ts";
import { useQueryFields, useTitle } from "../app/navigate.ts";
import { queryText } from "../query-text.ts";
import { Link } from "../ui/link.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Money } from "../ui/money.tsx";
import { Empty } from "../ui/notice.tsx";
import { SearchField } from "../ui/search-field.tsx";
import "./shop.css";
import "./catalogue.css";

const pageSize = 24;

/** What there is to buy: a page of it at a time, found by the beginnings of words. */
export default function CataloguePage() {
  const [{ q = "", page = "" }, change] = useQueryFields();
  useTitle(q === "" ? "Shop" : `${q} – Shop`);
  const query = useQuery(
    ProductService.method.listProducts,
    { query: q, pageSize, pageToken: page },
    { placeholderData: keepPreviousData },
  );
  return (
    <div className="stack">
      <header className="page-head">
        <h1>{q === "" ? "All products" : `Results for “${q}”`}</h1>
        <SearchField
          label="Search products"
          value={q}
          // Each letter takes the place of the one before: "back" leads to where one searched from.
          onSearch={(text) => change({ q: text, page: undefined }, { replace: true })}
        />
      </header>
      <Loaded query={query} what="The products" skeleton={<ProductGhosts />}>
        {({ products, nextPageToken }) => (
          <Products
            products={products.filter(({ kind }) => kind !== ProductKind.MENU_ITEM)}
            isOld={query.isPlaceholderData}
            query={q}
            nextHref={`/${queryText({ q, page: nextPageToken })}`}
            firstHref={`/${queryText({ q })}`}
            isFirst={page === ""}
            isLast={nextPageToken === ""}
          />
        )}
      </Loaded>
    </div>
  );
}

interface ProductsProps {
  readonly products: readonly Product[];
  readonly isOld: boolean;
  readonly query: string;
  readonly firstHref: string;
  readonly nextHref: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

function Products({ products, isOld, query, ...paging }: ProductsProps) {
  useEffect(markInteractive, []);
  if (products.length === 0) {
    return query === "" ? (
      <Empty title="There is nothing to buy yet">
        <p>Products appear here as soon as a seller adds some.</p>
      </Empty>
    ) : (
      <Empty title={`Nothing is called “${query}”`} action={<Link href="/">Show everything</Link>}>
        <p>Words are found by their beginnings: “lam” finds lamps.</p>
      </Empty>
    );
  }
  return (
    <>
      <ul className={`products${isOld ? " products-old" : ""}`}>
        {products.map((product) => (
          <li key={product.sku}>
            <Link href={`/p/${product.sku}`} className="product">
              <SkuPicture sku={product.sku} />
              <span className="product-name">{product.name}</span>
              <span className="product-price">
                <Money value={product.price} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <nav aria-label="More products" className="paging">
        {paging.isFirst ? null : (
          <Link href={paging.firstHref} button="plain">
            First page
          </Link>
        )}
        {paging.isLast ? (
          <span className="quiet">That is all.</span>
        ) : (
          <Link href={paging.nextHref} button="plain">
            Next page
          </Link>
        )}
      </nav>
    </>
  );
}

/** There are no photographs, and none are pretended: a product is known by its number. */
export function SkuPicture({ sku, large = false }: { readonly sku: number; readonly large?: boolean }) {
  return (
    <span className={`sku-picture${large ? " sku-picture-large" : ""}`} aria-hidden="true">
      <span>{String(sku)}</span>
    </span>
  );
}

function ProductGhosts() {
  const ghosts = Array.from({ length: 8 }, (_, index) => `ghost ${index}`);
  return (
    <ul className="products skeleton-products" aria-label="Loading">
      {ghosts.map((ghost) => (
        <li key={ghost} className="product">
          <span className="sku-picture" />
          <span className="skeleton-bar" />
        </li>
      ))}
    </ul>
  );
}
